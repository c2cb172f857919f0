import assert from "node:assert/strict";
import { openMpiGroup } from "../../src/dist/mpi_group.ts";
import { isFollower, meetingHosts, readRanks } from "../../src/dist/ranks.ts";

const env = (values: Record<string, string>) => (name: string) => values[name];
const MPI = {
  OMPI_COMM_WORLD_RANK: "1",
  OMPI_COMM_WORLD_SIZE: "4",
  OMPI_COMM_WORLD_LOCAL_RANK: "1",
};
const TORCH = { RANK: "3", WORLD_SIZE: "4", LOCAL_RANK: "1" };

Deno.test("readRanks knows every launcher when its variables are set", () => {
  const cases: [Record<string, string>, [number, number, number, string]][] = [
    [{}, [0, 1, 0, "no launcher"]],
    [MPI, [1, 4, 1, "Open MPI"]],
    [TORCH, [3, 4, 1, "torchrun"]],
    [{ PMI_RANK: "2", PMI_SIZE: "3" }, [2, 3, 2, "PMI"]],
    [{ CLIPA_RANK: "0", CLIPA_RANKS: "2" }, [0, 2, 0, "CLIPA_RANK"]],
    [
      { SLURM_PROCID: "5", SLURM_NTASKS: "8", SLURM_LOCALID: "1", SLURM_STEP_ID: "0" },
      [5, 8, 1, "SLURM"],
    ],
    // A batch script is no task of srun.
    [{ SLURM_PROCID: "0", SLURM_NTASKS: "8" }, [0, 1, 0, "no launcher"]],
    // mpirun and torchrun below srun: SLURM counts machines there.
    [{ ...MPI, SLURM_PROCID: "0", SLURM_NTASKS: "2", SLURM_STEP_ID: "0" }, [1, 4, 1, "Open MPI"]],
    [{ ...TORCH, SLURM_PROCID: "1", SLURM_NTASKS: "2", SLURM_STEP_ID: "0" }, [3, 4, 1, "torchrun"]],
    [{ ...MPI, PMIX_RANK: "1" }, [1, 4, 1, "Open MPI"]],
  ];
  for (const [values, wanted] of cases) {
    const { rank, size, localRank, source } = readRanks(env(values));
    assert.deepEqual([rank, size, localRank, source], wanted);
  }
});

Deno.test("readRanks names both values when two launchers contradict each other", () => {
  assert.throws(
    () => readRanks(env({ ...MPI, ...TORCH })),
    /OMPI_COMM_WORLD_RANK is 1 and RANK is 3; unset the variables/,
  );
  assert.throws(
    () => readRanks(env({ ...MPI, RANK: "1", WORLD_SIZE: "8" })),
    /OMPI_COMM_WORLD_SIZE is 4 and WORLD_SIZE is 8/,
  );
  assert.throws(
    () => readRanks(env({ ...MPI, PMIX_RANK: "2" })),
    /OMPI_COMM_WORLD_RANK is 1 and PMIX_RANK is 2/,
  );
  assert.throws(
    () => readRanks(env({ CLIPA_RANK: "0", CLIPA_RANKS: "2", RANK: "1", WORLD_SIZE: "2" })),
    /CLIPA_RANK is 0 and RANK is 1/,
  );
});

Deno.test("readRanks says what is missing or wrong when the variables are incomplete", () => {
  assert.throws(() => readRanks(env({ RANK: "1" })), /WORLD_SIZE is missing; torchrun needs RANK/);
  assert.throws(() => readRanks(env({ WORLD_SIZE: "2" })), /RANK is missing/);
  for (const rank of ["x", "-1", "1.5", ""]) {
    assert.throws(() => readRanks(env({ RANK: rank, WORLD_SIZE: "2" })), /RANK is ".*"; torchrun/);
  }
  assert.throws(
    () => readRanks(env({ RANK: "2", WORLD_SIZE: "2" })),
    /RANK is 2 and WORLD_SIZE is 2; ranks are 0 to 1/,
  );
});

Deno.test("readRanks finds rank 0's address, beside the port that torchrun's agent holds", () => {
  const values = { ...TORCH, MASTER_ADDR: "node-a", MASTER_PORT: "29500" };
  assert.deepEqual(readRanks(env(values)).master, { host: "node-a", port: 29500 });
  const agent = { ...values, TORCHELASTIC_USE_AGENT_STORE: "True" };
  assert.equal(readRanks(env(agent)).master?.port, 29501);
  assert.equal(readRanks(env({ ...agent, CLIPA_MASTER_PORT: "777" })).master?.port, 777);
  assert.throws(
    () => readRanks(env({ ...values, MASTER_PORT: "99999" })),
    /port of rank 0 is "99999"; allowed/,
  );
});

Deno.test("isFollower is true on later ranks only, and not when the environment is wrong", () => {
  assert.equal(isFollower(env(MPI)), true);
  assert.equal(isFollower(env({ ...MPI, OMPI_COMM_WORLD_RANK: "0" })), false);
  assert.equal(isFollower(env({})), false);
  assert.equal(isFollower(env({ ...MPI, ...TORCH })), false);
});

Deno.test("openMpiGroup says how to start ranks when they were started without MPI", async () => {
  await assert.rejects(
    openMpiGroup(readRanks(env(TORCH)), env(TORCH)),
    /rank 3 of 4 was started by torchrun without MPI; .* "deno task launch --ranks 4 -- train/,
  );
});

Deno.test("openMpiGroup says what to install when Open MPI cannot be opened", async () => {
  const values = { ...MPI, CLIPA_MPI_LIBRARY: "/nowhere/libmpi.so" };
  await assert.rejects(
    openMpiGroup(readRanks(env(values)), env(values)),
    /Open MPI cannot be opened \(.*nowhere.*\); install it: apt-get install openmpi-bin/,
  );
});

Deno.test("openMpiGroup refuses a library that is not Open MPI", async () => {
  const values = { ...MPI, CLIPA_MPI_LIBRARY: "libm.so.6" };
  await assert.rejects(
    openMpiGroup(readRanks(env(values)), env(values)),
    /has no ompi_mpi_comm_world; allowed: Open MPI 4 or newer/,
  );
});

Deno.test("meetingHosts names where ranks meet, and nothing where there is nobody to meet", () => {
  const torch = { ...TORCH, MASTER_ADDR: "node-a", MASTER_PORT: "29500" };
  assert.deepEqual(meetingHosts(env(torch)), ["node-a:29500", "0.0.0.0:29500"]);
  // The agent of torchrun itself listens there; ranks meet one further.
  const agent = { ...torch, TORCHELASTIC_USE_AGENT_STORE: "True" };
  assert.deepEqual(meetingHosts(env(agent)), ["node-a:29501", "0.0.0.0:29501"]);
  assert.equal(meetingHosts(env({ ...torch, MASTER_ADDR: "fd00::1" }))[0], "[fd00::1]:29500");
  assert.deepEqual(meetingHosts(env({ ...torch, MASTER_ADDR: "a,b" })), ["0.0.0.0:29500"]);
  for (const seen of [{}, TORCH, MPI, { ...torch, RANK: "x" }]) {
    assert.deepEqual(meetingHosts(env(seen)), []);
  }
});
