"""Encodings by the bytes of texts."""

import pytest

from lepton_spark.detection.encodings import text_encodings

TEXTS = {
    "gb18030": "日期,商品ID,销售量,门店\n2026-01-01,苹果手机壳,5,北京店\n2026-01-02,雨伞,5,上海店\n",
    "cp1252": "Datum;Größe;Straße\n01.02.2026;klein;Königsallee\n02.02.2026;groß;Münsterstraße\n",
    "cp1251": "Дата;Товар;Количество\n01.02.2026;Зонт синий;5\n02.02.2026;Кружка большая;7\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_encoding_is_detected(encoding: str) -> None:
    assert text_encodings([TEXTS[encoding].encode(encoding) * 20]) == [encoding]


def test_utf_8_is_taken_wherever_it_fits_and_ascii_is_any_encoding() -> None:
    texts = [TEXTS["cp1252"].encode("utf-8"), b"date,sku,qty\n", "a,b\n".encode("utf-16")]
    assert text_encodings(texts) == ["utf-8", "ascii", "utf-16"]


def test_texts_of_one_system_have_one_encoding() -> None:
    """The bytes of a few words alone fit many encodings."""
    short, long = "Größe\n".encode("cp1252"), TEXTS["cp1252"].encode("cp1252") * 20
    assert text_encodings([short, long]) == ["cp1252", "cp1252"]
