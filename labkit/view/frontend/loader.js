/* Unpacks the player's style and script, which a page carries deflated, and starts it. */

async function load() {
  const packed = document.getElementById("labkit-player").textContent.trim();
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const [style, script] = await new Response(stream).json();
  for (const [tag, text] of [["style", style], ["script", script]]) {
    const element = document.createElement(tag);
    if (element instanceof HTMLScriptElement) element.type = "module";
    element.textContent = text;
    document.head.append(element);
  }
}

load();
