"""Executes notebooks in a clean kernel, and decides which of their outputs are worth keeping.

`make notebooks` writes the walk-throughs with their outputs; `make check-notebooks` executes them anew and compares.
A cell whose outputs cannot be the same twice (it shows real time, say) carries the tag `varies` and is not compared.
"""

import difflib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

REPOSITORY = Path(__file__).parents[2]
WALKTHROUGHS = REPOSITORY / "notebooks"
SECONDS_A_CELL = 180

# Representations of an output that are kept, and those of them that are the same from one machine to the next.
KEPT = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "image/png")
COMPARED = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml")

QUOTED_ATTRIBUTES = r"""(?:[^>"']|"[^"]*"|'[^']*')*"""
PLAYER = re.compile(rf"<(iframe|script)\b{QUOTED_ATTRIBUTES}>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
# A replay is its style, its poster (a picture and a table) and, over it, its player. The poster is what can be kept.
REPLAY = re.compile(
    r'<div class="labkit-replay".*?(<div class="labkit-poster">.*?</table>(?:</details>)?)'
    r"<p>[^<]*</p></div></div></div>",
    re.DOTALL,
)
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")


def execute(path: Path) -> NotebookNode:
    """Run every cell of the notebook from a clean kernel, in the notebook's own folder; returns it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
    )
    return client.execute(stderr=subprocess.DEVNULL)  # where the kernel process complains; cells write elsewhere


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Keep what a reader on the web can see and a diff can show: text and SVG. Players and widgets go."""
    notebook.metadata = NotebookNode(
        {
            **{key: value for key, value in notebook.metadata.items() if key not in {"widgets", "language_info"}},
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = list(_tidy_outputs(cell.outputs))
    return notebook


def _tidy_outputs(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    for output in _joined_streams(outputs):
        if "data" not in output:
            yield output
            continue
        if any("widget-view" in kind for kind in output.data):
            continue
        output.metadata = NotebookNode()
        output.data = NotebookNode({kind: output.data[kind] for kind in KEPT if kind in output.data})
        if "text/html" in output.data:
            output.data["text/html"] = REPLAY.sub(r"\1</div>", PLAYER.sub("", output.data["text/html"]))
        if output.data:
            yield output


def complaints(notebook: NotebookNode) -> list[str]:
    """What a learner would see that should not be there: text on stderr, or an error where none was announced."""
    found = []
    for cell, output in _outputs(notebook):
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
            found.append(f"cell {cell.id}: {output.ename}: {output.evalue}")
        if output.get("name") == "stderr":
            found.append(f"cell {cell.id} wrote to stderr: {output.text}")
    return found


def _outputs(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield cell, output


def differences(committed: NotebookNode, fresh: NotebookNode) -> str:
    """A unified diff of the comparable outputs of two runs of a notebook, both tidied; empty if they agree."""
    lines = difflib.unified_diff(
        _comparable(committed), _comparable(fresh), "committed", "executed anew", lineterm="", n=1
    )
    return "\n".join(lines)


def _comparable(notebook: NotebookNode) -> list[str]:
    lines: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        lines.append(f"cell {cell.id}")
        if "varies" not in cell.metadata.get("tags", []):
            for output in cell.outputs:
                lines.extend(ADDRESS.sub("0x…", line) for line in _text(output).splitlines())
    return lines


def _joined_streams(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Two prints may come as one output or as two: that depends on the moment, not on the program."""
    previous = None
    for output in outputs:
        if (
            previous is not None
            and output.output_type == previous.output_type == "stream"
            and output.name == previous.name
        ):
            previous.text += output.text
            continue
        if previous is not None:
            yield previous
        previous = NotebookNode(output)
    if previous is not None:
        yield previous


def _text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return f"{output.name}:\n{output.text}"
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    if _drawn_by_matplotlib(output.data):
        return f"figure: {', '.join(sorted(output.data))}"
    return "\n".join(f"{kind}:\n{output.data[kind]}" for kind in sorted(output.data) if kind in COMPARED)


def _drawn_by_matplotlib(data: NotebookNode) -> bool:
    """Its pictures differ in the last digit from one version or machine to the next: only their presence counts."""
    return "image/png" in data or "matplotlib" in data.get("image/svg+xml", "")


def main(arguments: list[str]) -> int:
    """Execute the notebooks named, or all walk-throughs, and write them; with --check only compare. The exit status."""
    check = "--check" in arguments
    paths = [Path(name) for name in arguments if name != "--check"] or sorted(WALKTHROUGHS.glob("*.ipynb"))
    failed = False
    for path in paths:
        print(f"{path.name}: ", end="", flush=True)
        try:
            fresh = tidy(execute(path))
        except Exception as error:
            print(f"failed\n{error}")
            failed = True
            continue
        problems = complaints(fresh)
        if check:
            problems += filter(None, [differences(nbformat.read(path, as_version=4), fresh)])
        elif not problems:
            nbformat.write(fresh, path)
        print("\n".join(problems) or ("as committed" if check else "written"))
        failed = failed or bool(problems)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
