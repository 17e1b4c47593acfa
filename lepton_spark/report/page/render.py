"""The page as one HTML file: template, style, script, chart library and data, and nothing from elsewhere."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec

from lepton_spark.errors import SetupError, explain
from lepton_spark.language import Message, language_tag, translated
from lepton_spark.report.explanation.chart import VEGA_LITE
from lepton_spark.report.page.blocks import Chart, Section
from lepton_spark.report.page.embedding import page_data, script_json
from lepton_spark.report.page.figures import Figures
from lepton_spark.report.page.sections.accuracy import accuracy
from lepton_spark.report.page.sections.changes import changes
from lepton_spark.report.page.sections.cleaning import cleaning
from lepton_spark.report.page.sections.manifest import manifest
from lepton_spark.report.page.sections.orders import orders
from lepton_spark.report.page.sections.outlook import outlook
from lepton_spark.report.page.sections.products import products
from lepton_spark.report.page.sections.tiles import tiles
from lepton_spark.report.page.sections.todo import todo

PACKAGES = {"jinja2": "Jinja2", "vl_convert": "vl-convert-python"}
"""The modules of the extra `report`, and what pip calls them."""

_SNIPPET = "window.vegaEmbed = vegaEmbed;"


def require_packages() -> None:
    """Raises SetupError without the packages of the extra `report`."""
    missing = [name for module, name in PACKAGES.items() if find_spec(module) is None]
    if missing:
        remedy = Message("Run {command}.", command="pip install 'lepton-spark[report]'")
        found = Message("no package {name}", name=" and no ".join(missing))
        raise SetupError(explain(Message("report"), found, Message("installed"), remedy))


def report_page(figures: Figures) -> str:
    """The page. Raises: SetupError without the packages that draw."""
    require_packages()
    import vl_convert  # noqa: PLC0415  an optional package

    library = vl_convert.javascript_bundle(_SNIPPET, vl_version=VEGA_LITE)
    return render(figures, library)


def render(figures: Figures, library: str) -> str:
    """The page with the given chart library, which must define `vegaEmbed`."""
    import jinja2  # noqa: PLC0415  an optional package
    from markupsafe import Markup  # noqa: PLC0415  comes with jinja2

    shown = sections(figures)
    charts = [block for section in shown for block in section.blocks if isinstance(block, Chart)]
    places = {product.series: place for place, product in enumerate(figures.products)}
    script = _read("page.js")
    scripts = [_closed(library), _closed(script)]
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.globals["gettext"] = translated  # what `_()` and `{% trans %}` of the template call
    page = environment.from_string(_read("page.html")).render(
        language=language_tag(),
        figures=figures,
        run=figures.run,
        tiles=tiles(figures),
        sections=shown,
        chart_number=lambda block: next(n for n, chart in enumerate(charts) if chart is block),
        place_of=places,
        policy=policy(scripts),
        style=Markup(_read("page.css")),  # noqa: S704  a file of this package
        scripts=[Markup(script) for script in scripts],  # noqa: S704  files of packages, not data
        data=Markup(script_json(page_data(figures, charts, script))),  # noqa: S704  script_json escapes
    )
    return str(page)


def sections(figures: Figures) -> tuple[Section, ...]:
    """The page in the order in which a planner reads it."""
    return (
        todo(figures),
        outlook(figures),
        accuracy(figures),
        products(figures),
        cleaning(figures.cleaning),
        changes(figures.changes),
        orders(figures.orders),
        manifest(figures),
    )


def policy(scripts: list[str]) -> str:
    """The Content-Security-Policy: these scripts and inline styles, and nothing from anywhere."""
    hashes = " ".join(
        f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    others = "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {hashes}; {others}"


def _read(name: str) -> str:
    return files("lepton_spark.report.page").joinpath("templates", name).read_text(encoding="utf-8")


def _closed(script: str) -> str:
    """The script as it can stand between script tags."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
