"""axe-core, which checks the rules of accessibility, as axe-playwright-python carries it: no network is needed."""

from functools import cache
from importlib.resources import files

from playwright.sync_api import Frame, Page

# Rules about whole pages, which a piece of a notebook is not.
NOT_OURS = ["region", "landmark-one-main", "page-has-heading-one", "bypass", "html-has-lang", "document-title"]
RUN = """async ([of, options]) => {
  const { violations } = await axe.run(of ? document.querySelectorAll(of) : document, options);
  const why = ({ any, all, none }) => [...any, ...all, ...none].map((check) => check.message).join("; ");
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${why(node)}`));
}"""


@cache
def _script() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(
    place: Page | Frame, *, of: str | None = None, whole: bool = False, only: list[str] | None = None
) -> list[str]:
    """What axe-core finds against a page, a frame, or the elements of a selector: one line for each element. A whole
    page has a language and a title, too. only: the names of the rules to check, if not all."""
    if not place.evaluate("() => 'axe' in window"):
        place.evaluate(f"{_script()}; 0")
    rules = {} if whole else {rule: {"enabled": False} for rule in NOT_OURS}
    chosen = {"runOnly": only} if only else {"rules": rules}
    found = place.evaluate(RUN, [of, {**chosen, "resultTypes": ["violations"], "preload": False, "elementRef": False}])
    assert isinstance(found, list)
    return found
