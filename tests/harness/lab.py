"""One JupyterLab for the tests, and a notebook open in it, driven through the application object that Lab exposes."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import BrowserContext, Page

from tests.harness.browser import PageGuard

REPOSITORY = Path(__file__).parents[2]

# Lab's own complaints, which say nothing about labkit. Each is a regular expression.
LAB_NOISE = [
    r"/api/workspaces/",  # 404 until a workspace is first saved
    r"/lsp/status",  # Lab looks for language servers, which are not needed
]
# Notebook 7's own: on a slow machine its plugins start in an order that it does not expect.
NOTEBOOK_NOISE = [
    r"reading 'schema'\)\s+at \S+/static/notebook/",  # a shortcut's settings arrive before its plugin's
    r"Command 'filebrowser:open-path' not registered",  # a path is opened before there is a file browser
]

CELLS = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  return panel.content.widgets.filter(cell => cell.model.type === 'code').map(cell => ({
    id: cell.model.id,
    source: cell.model.sharedModel.source,
    count: cell.model.executionCount,
    state: cell.model.executionState,
    prompt: cell.prompt,
    error: cell.model.outputs.toJSON().filter(output => output.output_type === 'error')
      .map(output => `${output.ename}: ${output.evalue}`).join('; '),
    stderr: cell.model.outputs.toJSON().filter(output => output.name === 'stderr')
      .map(output => [output.text].flat().join('')).join(''),
  }));
}"""


class LabServer:
    """A JupyterLab server of its own: free loopback port, token, temporary root folder and configuration."""

    def __init__(self, home: Path) -> None:
        self.root = home / "root"
        self.root.mkdir()
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        news = (
            home / "jupyterlab_settings_dir" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
        )
        news.parent.mkdir(parents=True)
        news.write_text('{"fetchNews": "false"}')  # else a question about Jupyter's news covers a corner of the page
        self.log = home / "jupyterlab.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command(),
                cwd=self.root,
                env=self._environment(home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _command(self) -> list[str]:
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--expose-app-in-browser",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            f"--IdentityProvider.token={self.token}",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.news_url=None",
            "--LabApp.extension_manager=readonly",
            "--JupyterNotebookApp.expose_app_in_browser=True",  # the same server has Notebook 7 at /notebooks
        ]
        return [*command, "--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else command

    def _environment(self, home: Path) -> dict[str, str]:
        """The environment, without the Jupyter settings of the person who runs the tests."""
        folders = {
            name: str(home / name.lower())
            for name in [
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "JUPYTERLAB_SETTINGS_DIR",
                "JUPYTERLAB_WORKSPACES_DIR",
                "IPYTHONDIR",
            ]
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        return inherited | folders | {"PYTHONPATH": str(REPOSITORY)}

    def wait(self, seconds: float = 60) -> None:
        """Return once the server answers; raise with its log if it ends or keeps silent."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.request("GET", "/api/status")
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()}")

    def request(self, method: str, path: str) -> Any:
        """Ask the server's REST interface."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            body = response.read()
        return json.loads(body) if body else None

    def end_kernels(self) -> None:
        """Shut every kernel down, so that a test never meets the kernel of another."""
        for session in self.request("GET", "/api/sessions"):
            try:
                self.request("DELETE", f"/api/sessions/{session['id']}")
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise

    def stop(self) -> None:
        """End the server, which ends its kernels."""
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Lab:
    """JupyterLab as one test sees it. `open` gives a Playwright page; the other methods act on a page that it gave."""

    def __init__(self, server: LabServer, context: BrowserContext, guard: PageGuard) -> None:
        self.server = server
        self.url = server.url
        self.root = server.root
        self.guard = guard
        self._context = context

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells under the server's root; returns the path that `open` takes."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
        }
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, self.root / name)
        return name

    def open(
        self, path: str | Path, *, width: int = 1400, height: int = 1000, kernel: bool = True, host: str = "lab"
    ) -> Page:
        """Open a notebook: a path below the server's root, or a file elsewhere, which is copied there first. Its host
        is JupyterLab ("lab") or Notebook 7 ("notebooks")."""
        for noise in NOTEBOOK_NOISE if host == "notebooks" else []:
            self.guard.allow(noise)
        path = Path(path)
        if path.is_absolute():
            if not path.is_relative_to(self.root):
                shutil.copy(path, self.root / path.name)
                path = self.root / path.name
            path = path.relative_to(self.root)
        page = self._context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        # A workspace of its own: Lab would otherwise bring back the notebooks of the test before.
        place = f"lab/workspaces/{secrets.token_hex(4)}/tree" if host == "lab" else host
        page.goto(f"{self.url}/{place}/{path.as_posix()}?token={self.server.token}")
        page.wait_for_function(
            """([path, kernel]) => {
              const panel = window.jupyterapp?.shell?.currentWidget;
              if (panel?.context?.path !== path || !panel.context.isReady) return false;
              return !kernel || panel.sessionContext?.session?.kernel?.status === 'idle';
            }""",
            arg=[path.as_posix(), kernel],
            timeout=60_000,
        )
        return page

    def run_all(self, page: Page) -> None:
        """Run All Cells, as the menu does. Returns at once: the promise of the command is left alone."""
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")

    def wait_idle(self, page: Page, seconds: float = 120) -> None:
        """Return once every code cell that has code was run and none is queued or running, or one has failed."""
        page.wait_for_function(
            f"""() => {{
              const cells = ({CELLS})();
              const busy = cells.some(cell => cell.prompt === '*' || cell.state === 'running');
              const left = cells.some(cell => cell.source.trim() && cell.count === null);
              const failed = cells.some(cell => cell.error);
              return !busy && (failed || !left);
            }}""",
            timeout=seconds * 1000,
            polling=100,
        )

    def cells(self, page: Page) -> list[dict[str, Any]]:
        """The code cells of the open notebook: id, source, count, state, prompt ("*" while queued), error, stderr."""
        return page.evaluate(CELLS)

    def save(self, page: Page) -> None:
        """Save the notebook and wait until it is on disk."""
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
