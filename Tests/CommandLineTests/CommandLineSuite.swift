import Testing

/// Tests of the built program; one at a time, so that they do not fight over the processor.
@Suite("Command line", .serialized)
struct CommandLineSuite {}
