"""The executor keeps what can be read and compared, and reports what a learner should not see."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from labkit import Cluster, Node
from labkit.view import Replay
from tests.notebooks.executor import complaints, differences, execute, main, tidy

POSTER = "<div><svg><title>five nodes</title></svg>{player}</div>"
PLAYER = """<iframe sandbox="allow-scripts" srcdoc="<p title='>'>x</p>"></iframe>"""


def notebook(*sources: str) -> NotebookNode:
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    return nbformat.v4.new_notebook(cells=cells)


def written(tmp_path: Path, *sources: str) -> Path:
    path = tmp_path / "sample.ipynb"
    nbformat.write(notebook(*sources), path)
    return path


@pytest.mark.notebook
def test_execution_keeps_text_and_svg_and_drops_players_and_widgets(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "print('hello')",
        f"from IPython.display import HTML; HTML({POSTER.format(player=PLAYER + PLAYER)!r})",
        "import ipywidgets; ipywidgets.IntSlider()",
    )
    assert main([str(path)]) == 0
    executed = nbformat.read(path, as_version=4)
    assert [cell.id for cell in executed.cells] == ["cell-0", "cell-1", "cell-2"]
    assert executed.cells[0].outputs[0].text == "hello\n"
    assert executed.cells[1].outputs[0].data["text/html"] == POSTER.format(player="")
    assert executed.cells[2].outputs == []
    assert "widgets" not in executed.metadata
    assert not any("execution" in cell.metadata for cell in executed.cells)
    assert main(["--check", str(path)]) == 0


def test_of_a_replay_its_poster_stays() -> None:
    cluster = Cluster(Node, 3, seed=1)
    cluster.run(1.0)
    sample = notebook("replay")
    bundle = Replay(cluster.trace)._repr_mimebundle_()
    sample.cells[0].outputs = [nbformat.v4.new_output("display_data", data=bundle)]
    (output,) = tidy(sample).cells[0].outputs
    html = output.data["text/html"]
    assert html.startswith('<div class="labkit-poster">') and html.endswith("</table></div>")
    assert "<img" in html and "3 nodes" in html
    assert not re.search("iframe|script|style>|data-live", html)


@pytest.mark.notebook
def test_check_finds_an_output_that_is_no_longer_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "print(6 * 7)")
    assert main([str(path)]) == 0
    path.write_text(path.read_text().replace("42\\n", "41\\n"))
    assert main(["--check", str(path)]) == 1
    printed = capsys.readouterr().out
    assert "-41" in printed and "+42" in printed


@pytest.mark.notebook
def test_a_notebook_that_fails_is_left_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path, "1 / 0")
    before = path.read_text()
    assert main([str(path)]) == 1
    assert path.read_text() == before


@pytest.mark.notebook
def test_a_warning_is_a_complaint_and_an_announced_error_is_not(tmp_path: Path) -> None:
    sample = notebook("import warnings; warnings.warn('old')", "1 / 0")
    sample.cells[1].metadata["tags"] = ["raises-exception"]
    path = tmp_path / "sample.ipynb"
    nbformat.write(sample, path)
    (complaint,) = complaints(execute(path))
    assert "cell-0 wrote to stderr" in complaint and "old" in complaint


def test_addresses_figures_and_cells_that_vary_are_not_compared() -> None:
    first, second = notebook("a", "b", "c"), notebook("a", "b", "c")
    for sample, address, pixels, seconds in [(first, "0x7f0001", "AAAA", "1.2"), (second, "0x7f0002", "BBBB", "1.3")]:
        sample.cells[0].outputs = [nbformat.v4.new_output("stream", text=f"<object at {address}>")]
        sample.cells[1].outputs = [nbformat.v4.new_output("display_data", data={"image/png": pixels})]
        sample.cells[2].outputs = [nbformat.v4.new_output("stream", text=seconds)]
        sample.cells[2].metadata["tags"] = ["varies"]
    assert differences(first, second) == ""
    second.cells[1].outputs = []
    assert "figure" in differences(first, second)


def test_two_prints_compare_equal_however_they_were_delivered() -> None:
    first, second = notebook("a"), notebook("a")
    first.cells[0].outputs = [nbformat.v4.new_output("stream", text=text) for text in ("one\n", "two\n")]
    second.cells[0].outputs = [nbformat.v4.new_output("stream", text="one\ntwo\n")]
    assert differences(tidy(first), tidy(second)) == ""
