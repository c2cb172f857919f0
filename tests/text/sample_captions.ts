/** A small caption set with repeated words, punctuation, digits and one word outside ASCII. */
export const CAPTIONS: readonly string[] = [
  "alarm clock",
  "clock",
  "umbrella, rain, weather",
  "black and white icon of umbrella",
  "black and white icon of alarm clock, from Example Icons",
  "filled icon of camera",
  "camera off",
  "camera, photo, picture",
  "battery 75, charging",
  "café",
];
