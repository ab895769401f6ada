// A place on the page -> a picture taken with the camera, or null where it was cancelled.

import { Problem, el } from "./api.js";

/** Whether the browser lets this page ask for a camera (over HTTPS, or on this machine). */
export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

const REASONS = {
  NotAllowedError: "The camera may not be used. Allow it for this page in the settings of the browser.",
  NotFoundError: "No camera was found. Choose a file.",
  NotReadableError: "The camera is used by another program. Close that, then try again.",
};

/** Shows what the camera sees in `place` until the picture is taken. Throws Problem where there is no camera. */
export async function takePicture(place) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (error) {
    throw new Problem(0, "camera", REASONS[error.name] ?? `The camera cannot be used (${error.message}).`);
  }
  const video = el("video", { autoplay: true, playsinline: true, muted: true, "aria-label": "What the camera sees" });
  video.muted = true;
  video.srcObject = stream;
  try {
    return await new Promise((resolve) => {
      const take = el("button", { type: "button", class: "primary", onclick: () => resolve(pictureOf(video)) }, "Take it");
      const cancel = el("button", { type: "button", onclick: () => resolve(null) }, "Cancel");
      place.replaceChildren(video, el("div", { class: "row" }, take, cancel));
      take.focus();
    });
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

async function pictureOf(video) {
  const canvas = el("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
}
