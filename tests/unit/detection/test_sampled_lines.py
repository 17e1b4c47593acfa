"""Sampled lines of several files."""

from lepton_spark.detection.sampled_lines import sampled_lines
from lepton_spark.detection.samples import Sample


def _sample(name: str, text: str, encoding: str = "utf-8") -> Sample:
    return Sample(name, (text.encode(encoding),))


def test_files_that_are_written_like_most_others_are_together() -> None:
    a = _sample("a.csv", "date;sku;qty\n1.9.2026;A;5\n")
    b = _sample("b.csv", "date;sku;qty;note\n2.9.2026;B;6;x\n")
    other = _sample("c.csv", "date,sku,qty\n2026-09-03,C,7\n")
    page = _sample("d.csv", "<!DOCTYPE html><html></html>")
    found = sampled_lines([b, a, other, page])
    assert (found.names, found.csv and found.csv.separator) == (("date", "sku", "qty"), ";")
    assert found.rows == (("2.9.2026", "B", "6"), ("1.9.2026", "A", "5"))
    assert list(found.others) == ["d.csv", "c.csv"]
    assert "web page" in found.others["d.csv"]


def test_ascii_files_have_the_encoding_of_the_others() -> None:
    plain = _sample("a.csv", "Ware,Menge\nA,1\n")
    accented = _sample("b.csv", "Ware,Menge\n" + "Größe,1\nMüsli,2\nBrötchen süß,3\n" * 9, "cp1252")
    found = sampled_lines([plain, accented])
    assert (found.encoding, len(found.rows), dict(found.others)) == ("cp1252", 1 + 27, {})


def test_json_lines_are_read() -> None:
    found = sampled_lines([_sample("a.json", '{"sku": "A", "qty": 2}\n{"sku": "B", "qty": 1.5}\n')])
    assert (found.format, found.names, found.rows) == ("json", ("qty", "sku"), (("2", "A"), ("1.5", "B")))


def test_nothing_that_can_be_read_has_no_columns() -> None:
    found = sampled_lines([_sample("a.pdf", "%PDF-1.4")])
    assert found.names == ()
    assert "PDF" in found.others["a.pdf"]
