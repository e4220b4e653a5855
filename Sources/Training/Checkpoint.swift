import Basics
import Crypto
import Foundation
import NetworkFiles
import RunRecords
import TensorFiles
import Torch
import TorchNN
import VisionData

/// Where a run stands, tensors aside.
struct RunState: Codable, Equatable {
    /// The epoch that the next step belongs to, from 0.
    var epoch = 0

    /// How many steps of the run are done.
    var step = 0

    /// How many steps of the epoch are done.
    var stepInEpoch = 0

    /// Seconds spent on the epoch so far.
    var epochSeconds = 0.0

    /// The records of the finished epochs.
    var history: [EpochRecord] = []

    /// The best validation accuracy so far, in percent.
    var bestValidation: Double?

    /// What the run was begun with; nil in files of earlier versions.
    var inputs: RunInputs?

    /// The accuracy of the teacher before the first step, in percent.
    var teacherTop1: Double?

    /// Whose kernels computed the steps; nil on a card and in files of earlier versions.
    var kernels: Kernels?
}

/// Everything that a run needs to go on exactly where it stopped.
struct Checkpoint {
    /// Where the run stands.
    var state: RunState

    /// The distiller's, optimizer's and metrics' tensors.
    var tensors: [NamedTensor]

    /// About how large the file is.
    var byteCount: Int {
        tensors.reduce(0) { $0 + $1.tensor.byteCount }
    }
}

extension Checkpoint {
    private static let noDigest = String(repeating: "0", count: 64)

    /// A safetensors file whose metadata hold the header, and the SHA-256 of the whole file with
    /// sixty-four zeros in the digest's place.
    func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(state), as: UTF8.self)
        var data = try Safetensors.encode(
            entries: tensors.map(\.entry),
            metadata: ["format": checkpointFormat, "header": text, "sha256": Self.noDigest])
        guard let place = Self.digestPlace(in: data) else {
            preconditionFailure("Checkpoint: an encoded file without its digest's place")
        }
        data.replaceSubrange(place, with: Data(Self.digest(of: data).utf8))
        return data
    }

    /// Reads a checkpoint back and verifies its checksum.
    init(contentsOf path: String) throws {
        let data: Data
        do throws(TextFile.Unreadable) {
            data = try TextFile.data(of: path)
        } catch {
            throw CheckpointError.unreadable(path: path, reason: error.reason)
        }
        try self.init(encoded: data, from: path)
    }

    /// Reads the bytes of a checkpoint and verifies its checksum.
    ///
    /// - Parameters:
    ///   - data: as `encoded` gives them.
    ///   - path: where they come from, for errors.
    /// - Throws: `CheckpointError`.
    init(encoded data: Data, from path: String) throws {
        let file: WeightFile
        do {
            file = try Safetensors.decode(data)
        } catch {
            throw CheckpointError.foreign(path: path, reason: "\(error)")
        }
        guard file.metadata["format"] == checkpointFormat, let text = file.metadata["header"],
            let expected = file.metadata["sha256"], let place = Self.digestPlace(in: data)
        else {
            throw CheckpointError.foreign(
                path: path, reason: "format, header or sha256 is missing in its metadata")
        }
        var blank = data
        blank.replaceSubrange(place, with: Data(Self.noDigest.utf8))
        let found = Self.digest(of: blank)
        guard found == expected else {
            throw CheckpointError.damaged(path: path, expected: expected, found: found)
        }
        state = try JSONDecoder().decode(RunState.self, from: Data(text.utf8))
        tensors = file.entries.map(NamedTensor.init)
    }

    /// Where the 64 digits stand; the header comes first, so that the first match is the metadata's.
    private static func digestPlace(in data: Data) -> Range<Data.Index>? {
        let key = Data(#""sha256":""#.utf8)
        guard let found = data.range(of: key), found.upperBound + 64 <= data.endIndex else {
            return nil
        }
        return found.upperBound..<(found.upperBound + 64)
    }

    private static func digest(of data: Data) -> String { SHA256.hash(data: data).hexadecimal }
}
