// A picture file that the service would refuse as too large -> the same picture, smaller, and what is to be said of it.

const LONGEST = 2048; // pixels of the longer side: far more than a model looks at
const QUALITY = 0.95;
const SHARE = 0.35; // of what a request may hold: two pictures fit, also in base64

const known = new WeakMap(); // what was looked at, or made, here: what is said of it

/** {blob, words}: the file itself (words: "") where the service takes it, or where the browser cannot read it. */
export async function smallEnough(file) {
  if (known.has(file)) return { blob: file, words: known.get(file) };
  const { blob, words } = await looked(file);
  known.set(blob, words);
  return { blob, words };
}

async function looked(file) {
  const { uploadMb, pixels } = document.body.dataset;
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = address;
    await image.decode(); // upright, as its EXIF data say
    const { naturalWidth: width, naturalHeight: height } = image;
    if (file.size <= SHARE * uploadMb * 1e6 && width * height <= pixels * 1e6) return { blob: file, words: "" };
    const scale = Math.min(1, LONGEST / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white"; // what is transparent lies on white in the service, too
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    const content = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    const blob = new File([content], file.name ?? "picture.jpg", { type: content.type });
    const words = `Too large to send: made smaller here (${canvas.width} × ${canvas.height} pixels). Its distances may differ a little from those of the file itself.`;
    return { blob, words };
  } catch {
    return { blob: file, words: "" }; // what is wrong with it is told by the service
  } finally {
    URL.revokeObjectURL(address);
  }
}
