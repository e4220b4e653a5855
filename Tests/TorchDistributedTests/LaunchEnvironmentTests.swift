import Testing

@testable import TorchDistributed

@Suite("The environment of a launcher")
struct LaunchEnvironmentTests {
    private func read(_ variables: [String: String]) throws -> LaunchEnvironment? {
        try LaunchEnvironment.read(variables)
    }

    @Test("that is none means one process")
    func none() throws {
        try #expect(read([:]) == nil)
        try #expect(read(["WORLD_SIZE": "1", "RANK": "0"]) == nil)
        // A batch script of Slurm, in which `srun` has started nothing.
        try #expect(read(["SLURM_PROCID": "0", "SLURM_NTASKS": "4"]) == nil)
    }

    @Test("of torchrun names the store of its agent and the attempt")
    func torchrun() throws {
        // As torchrun 2.13 sets it for the second of two processes after one restart.
        let found = try read([
            "RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2",
            "GROUP_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "34567",
            "TORCHELASTIC_RESTART_COUNT": "1", "TORCHELASTIC_USE_AGENT_STORE": "True",
        ])
        #expect(
            found
                == LaunchEnvironment(
                    rank: 1, size: 2, localRank: 1, localSize: 2, host: "localhost", port: 34567,
                    attempt: 1, isStoreServed: true))
    }

    @Test("that names a file needs no port")
    func file() throws {
        let found = try read([
            "RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "file:///shared/meet",
        ])
        #expect(found?.file == "/shared/meet")
    }

    @Test("of Kubernetes lets rank 0 serve the store")
    func kubernetes() throws {
        let found = try read([
            "RANK": "2", "WORLD_SIZE": "3", "MASTER_ADDR": "job-master-0", "MASTER_PORT": "23456",
        ])
        #expect(
            found == LaunchEnvironment(rank: 2, size: 3, host: "job-master-0", port: 23456))
    }

    @Test("of Open MPI needs an address only where there are several machines")
    func openMPI() throws {
        var variables = [
            "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2",
            "OMPI_COMM_WORLD_LOCAL_RANK": "1", "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
        ]
        try #expect(
            read(variables)
                == LaunchEnvironment(
                    rank: 1, size: 2, localRank: 1, localSize: 2, host: "127.0.0.1", port: 29500))
        variables["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1"
        #expect(
            throws: LaunchError.missing("MASTER_ADDR", since: "OMPI_COMM_WORLD_SIZE", value: "2")
        ) {
            try read(variables)
        }
    }

    @Test(
        "of Slurm takes the first node of the step",
        arguments: [
            ("node7", "node7"), ("node[03-05,9]", "node03"), ("a1,b[2-3]", "a1"),
            ("gpu[12,15]-ib,login", "gpu12-ib"),
        ])
    func slurm(_ list: String, _ first: String) throws {
        let found = try read([
            "SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "5", "SLURM_LOCALID": "1",
            "SLURM_STEP_NODELIST": list, "SLURM_JOB_ID": "1230045", "SLURM_NODEID": "1",
            "SLURM_STEP_TASKS_PER_NODE": "2(x2),1", "SLURM_CPUS_PER_TASK": "4",
        ])
        #expect(
            found
                == LaunchEnvironment(
                    rank: 3, size: 5, localRank: 1, localSize: 2, processors: 4, host: first,
                    port: 20045))
    }

    @Test(
        "that lacks something or makes no sense is refused in a sentence",
        arguments: [
            (["WORLD_SIZE": "2", "RANK": "0"], "WORLD_SIZE is 2, but MASTER_ADDR is not set."),
            (["RANK": "1"], "RANK is 1, but WORLD_SIZE is not set."),
            (["WORLD_SIZE": "2"], "WORLD_SIZE is 2, but RANK is not set."),
            (
                ["WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "a"],
                "WORLD_SIZE is 2, but MASTER_PORT is not set."
            ),
            (
                ["WORLD_SIZE": "2", "RANK": "2"],
                "RANK is '2'. Expected a whole number from 0 to 1."
            ),
            (
                ["WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "a", "MASTER_PORT": "70000"],
                "MASTER_PORT is '70000'. Expected a whole number from 1 to 65535."
            ),
            (
                ["WORLD_SIZE": "two", "RANK": "0"],
                "WORLD_SIZE is 'two'. Expected a whole number from 1 to 1000000."
            ),
        ])
    func refused(_ variables: [String: String], _ sentence: String) throws {
        let error = #expect(throws: LaunchError.self) { try read(variables) }
        #expect(error?.description.hasPrefix(sentence) == true, "\(String(describing: error))")
    }

    @Test("gives each process of a machine another card, unless the launcher has chosen")
    func cards() {
        let second = LaunchEnvironment(
            rank: 5, size: 8, localRank: 1, localSize: 4, host: "a", port: 1)
        #expect(second.card(among: nil) == "1")
        #expect(second.card(among: "4,6,7") == "6")
        #expect(second.card(among: "3") == "3")
        let fourth = LaunchEnvironment(
            rank: 7, size: 8, localRank: 3, localSize: 4, host: "a", port: 1)
        #expect(fourth.card(among: "4,6,7") == nil)
    }
}
