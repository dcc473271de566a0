"""What a canvas of the page shows, read by a test."""

PIXELS = """(canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height).data;
})"""
"""A JavaScript function: the red, green, blue, alpha of each pixel. It reads a copy, for Chromium warns on the page's
own console of a canvas that is read again and again, and the page's console must stay empty."""
