/// What makes two measurements the same, so that the second is not run.
public struct MeasurementKey: Hashable, Sendable {
    /// The code that is measured.
    public let revision: String

    /// The machine, in words.
    public let machine: String

    /// What is measured.
    public let setting: Setting

    /// Which of the repetitions this is, counted from 1.
    public let turn: Int

    /// Makes a key from its parts.
    public init(revision: String, machine: String, setting: Setting, turn: Int) {
        self.revision = revision
        self.machine = machine
        self.setting = setting
        self.turn = turn
    }
}

/// What one run of one program came to: one line of `speed.jsonl`.
public struct Measurement: Codable, Equatable, Sendable {
    /// The code that was measured.
    public let revision: String

    /// The machine, in words.
    public let machine: String

    /// What was measured.
    public let setting: Setting

    /// Which of the repetitions this was, counted from 1.
    public let turn: Int

    /// The day, as in 2026-11-25.
    public let date: String

    /// The command, with its paths as given.
    public let command: String

    /// Figures that the program gave.
    public let figures: Figures

    /// Makes a measurement of what its key names.
    public init(key: MeasurementKey, date: String, command: String, figures: Figures) {
        revision = key.revision
        machine = key.machine
        setting = key.setting
        turn = key.turn
        self.date = date
        self.command = command
        self.figures = figures
    }

    /// What makes this measurement the same as another.
    public var key: MeasurementKey {
        MeasurementKey(revision: revision, machine: machine, setting: setting, turn: turn)
    }
}

/// The figures of one measurement.
public struct Figures: Codable, Equatable, Sendable {
    /// Milliseconds per step, or of the whole where the work is not a step.
    public let milliseconds: Double

    /// Images per second, where there are images.
    public let imagesPerSecond: Double?

    /// The largest resident memory of the process, in bytes, where it is known.
    public let peakMemoryBytes: Int?

    /// `bfloat16` or `float32`, where something is computed.
    public let precision: String?

    /// The program and what it stands on.
    public let version: String

    /// Makes figures from their parts.
    public init(
        milliseconds: Double, imagesPerSecond: Double? = nil, peakMemoryBytes: Int? = nil,
        precision: String? = nil, version: String
    ) {
        self.milliseconds = milliseconds
        self.imagesPerSecond = imagesPerSecond
        self.peakMemoryBytes = peakMemoryBytes
        self.precision = precision
        self.version = version
    }
}
