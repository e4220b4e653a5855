import ArgumentParser

/// Where a command that trains records its runs.
package struct RecordOptions: ParsableArguments {
    @Option(help: "The file that records runs (default: runs.sqlite in the folder above the run).")
    package var records: String?

    @Flag(help: "Record nothing beside the run's own folder.")
    package var noRecords = false

    @Option(
        help: "Also write TensorBoard's event files, into a folder for each run in this folder.")
    package var tensorboard: String?

    /// Takes what the command line gives.
    package init() {}

    package func validate() throws {
        guard !noRecords || records == nil else {
            throw ValidationError("--records and --no-records are both given, expected one of them")
        }
    }
}
