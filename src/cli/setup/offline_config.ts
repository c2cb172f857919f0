/** The folder of the stand-in of `@std/yaml`, relative to the repository root. */
const STAND_IN = "src/config/offline/std_yaml";

/**
 * What the stand-in adds to the lock file. Pinned here with their checksums, so that the offline lock
 * is generated whole and an install from it can be `--frozen` like the ordinary one.
 */
const STAND_IN_PACKAGES = {
  "argparse@2.0.1": {
    integrity:
      "sha512-8+9WqebbFzpX9OR+Wa6O29asIogeRMzcGtAINdpMHHyAg10f05aSFVBbcEqGf/PXw1EjAZ+q2/bEBg3DvurK3Q==",
  },
  "js-yaml@4.3.2": {
    integrity:
      "sha512-SFNOvSJ+Dgf/9An904Yx+CgSlIPCkIpao4qo51lpee25TIRejdH3rhR4EZMGoNx3/TP3O+wzWuiTFl4sqbltzA==",
    dependencies: ["argparse"],
    bin: true,
  },
} as const;

/** File names of the generated configuration, relative to the repository root. */
export const OFFLINE_CONFIG = "deno.offline.json";
/** Lock file that {@link OFFLINE_CONFIG} names. */
export const OFFLINE_LOCK = "deno.offline.lock";

/**
 * Derives the offline configuration from the text of `deno.json`: the same content, plus the link to
 * the stand-in of `@std/yaml` and a lock file of its own. Generated, so that the two cannot drift.
 */
export function offlineConfig(denoJson: string): string {
  const config = JSON.parse(denoJson);
  return JSON.stringify({ ...config, links: [`./${STAND_IN}`], lock: OFFLINE_LOCK }, null, 2) +
    "\n";
}

/** Derives the offline lock from the text of `deno.lock`. */
export function offlineLock(denoLock: string): string {
  const lock = JSON.parse(denoLock);
  const specifiers = { ...lock.specifiers, "npm:js-yaml@4.3.2": "4.3.2" };
  // An online run may have recorded the real package; the stand-in replaces it.
  for (const key of Object.keys(specifiers)) if (key.startsWith("jsr:")) delete specifiers[key];
  const { jsr: _jsr, ...rest } = lock;
  return JSON.stringify(
    {
      ...rest,
      specifiers: sorted(specifiers),
      npm: sorted({ ...lock.npm, ...STAND_IN_PACKAGES }),
      workspace: {
        ...lock.workspace,
        links: { "jsr:@std/yaml@1.0.999": { dependencies: ["npm:js-yaml@4.3.2"] } },
      },
    },
    null,
    2,
  ) + "\n";
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => a < b ? -1 : 1));
}
