import { studentT } from "./student_t.ts";

/** A variance and the degrees of freedom it was found with. */
export interface Noise {
  readonly variance: number;
  readonly freedom: number;
}

/**
 * Half the width of an interval around a value with two independent noises, by Welch's and
 * Satterthwaite's degrees of freedom.
 */
export function noiseInterval(
  seeds: Noise,
  images: Noise,
  level: number,
): { half: number; freedom: number } {
  const variance = seeds.variance + images.variance;
  const freedom = images.variance === 0 ? seeds.freedom : variance ** 2 /
    (seeds.variance ** 2 / seeds.freedom + images.variance ** 2 / images.freedom);
  return { half: studentT(0.5 + level / 2, freedom) * Math.sqrt(variance), freedom };
}
