import Testing

/// Tests of the built program; one at a time, so that they do not fight over the processor.
@Suite("Command line", .serialized)
struct CommandLineSuite {}

/// Tests of whole runs and studies, beside those of the command line: a machine has two cores, and each test one
/// process of one thread.
@Suite("Command line, whole runs", .serialized)
struct WholeRunsSuite {}
