"""JupyterLab as a learner meets it: it starts, runs a notebook that uses labkit, and runs every cell under Run All."""

from tests.harness.lab import Lab


def test_a_notebook_in_jupyterlab_imports_labkit(lab: Lab) -> None:
    page = lab.open(lab.write("first.ipynb", "import labkit", "labkit.__name__"))
    lab.run_all(page)
    lab.wait_idle(page)
    cells = lab.cells(page)
    assert [cell["count"] for cell in cells] == [1, 2]
    assert not any(cell["error"] or cell["stderr"] for cell in cells)
    page.get_by_text("'labkit'").wait_for()


def test_a_widget_of_anywidget_is_drawn(lab: Lab) -> None:
    widget = """
import anywidget

class Hello(anywidget.AnyWidget):
    _esm = "export default { render({ el }) { el.textContent = 'drawn by a widget'; } }"

Hello()
"""
    page = lab.open(lab.write("widget.ipynb", widget))
    lab.run_all(page)
    page.get_by_text("drawn by a widget", exact=True).wait_for()


def test_run_all_goes_on_after_a_cell_that_drives_a_coroutine(lab: Lab) -> None:
    """The original nest_asyncio lost the cells queued behind such a cell; nest_asyncio2 must not."""
    drive = "import asyncio, nest_asyncio2\nnest_asyncio2.apply()\nasyncio.run(asyncio.sleep(0.3))"
    page = lab.open(lab.write("nested.ipynb", drive, *(f"{number} + 1" for number in range(5))))
    lab.run_all(page)
    lab.wait_idle(page)
    assert [cell["count"] for cell in lab.cells(page)] == [1, 2, 3, 4, 5, 6]


def test_a_page_of_the_lab_reaches_this_machine_only(lab: Lab) -> None:
    page = lab.open(lab.write("outside.ipynb", "1"))
    reached = page.evaluate("() => fetch('https://example.org/').then(() => true, () => false)")
    outside = lab.guard.outside.copy()
    lab.guard.outside.clear()
    lab.guard.allow("ERR_NAME_NOT_RESOLVED")
    assert (reached, outside) == (False, ["https://example.org/"])
