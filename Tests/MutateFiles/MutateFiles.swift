import Foundation
import ImageFiles
import TensorFiles
import TensorFilesTestSupport
import VisionData

#if canImport(Glibc)
    import Glibc
#endif

/// Reads damaged files by the million, to be run under AddressSanitizer (`make mutate`).
///
/// A trap, a write outside a buffer or an allocation beyond the sanitizer's limit ends the process; only the
/// readers' own errors are caught.
@main
struct MutateFiles {
    /// What is read, each from small files of several forms.
    private enum Container: String, CaseIterable {
        case zip, stream, safetensors, cifar, jpeg, png, webp

        /// The format of pictures, where it is one.
        var picture: ImageFormat? {
            switch self {
            case .jpeg: .jpeg
            case .png: .png
            case .webp: .webp
            default: nil
            }
        }
    }

    /// A small file, and for a zip archive its entries, so that damage can be put under a right checksum.
    private struct Seed {
        let contents: Data
        var entries: [ZipWriter.Entry] = []
    }

    static func main() throws {
        let arguments = Array(CommandLine.arguments[1...])
        guard arguments.count == 4, let container = Container(rawValue: arguments[0]),
            let rounds = Int(arguments[1]), let seed = UInt64(arguments[2]), seed > 0
        else {
            let names = Container.allCases.map(\.rawValue).joined(separator: "|")
            print("usage: mutate-files \(names) ROUNDS SEED FOLDER-OF-TESTS")
            exit(64)
        }
        let seeds = try seeds(of: container, in: URL(filePath: arguments[3]))
        guard !seeds.isEmpty else {
            print("error: no files of at most 4 kB in \(arguments[3])")
            exit(1)
        }
        var mutator = Mutator(seed: seed)
        let pieces = seeds.flatMap { seed in [seed.contents] + seed.entries.map(\.contents) }
        var pictures = PictureCalls(seed: seed)
        var (read, refused, slowest) = (0, 0, Duration.zero)
        let start = ContinuousClock.now
        for _ in 0..<rounds {
            let contents = damaged(mutator.choose(seeds), pieces, container, &mutator)
            let began = ContinuousClock.now
            do {
                if container.picture != nil {
                    try pictures.read(contents)
                } else {
                    try decode(contents, container)
                }
                read += 1
            } catch is WeightFileError {
                refused += 1
            } catch is CIFARError {
                refused += 1
            } catch is ImageError {
                refused += 1
            }
            slowest = max(slowest, ContinuousClock.now - began)
        }
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        print(
            "\(container.rawValue): \(rounds) inputs from \(seeds.count) seeds (seed \(seed)), \(read) read, "
                + "\(refused) refused, slowest \(slowest), peak memory \(usage.ru_maxrss / 1024) MiB, "
                + "\(ContinuousClock.now - start)")
    }

    private static func damaged(
        _ seed: Seed, _ pieces: [Data], _ container: Container, _ mutator: inout Mutator
    ) -> Data {
        if container == .png {
            let contents = mutator.damaged(seed.contents, pieces: pieces)
            return mutator.choose([true, true, false])
                ? PictureCalls.withChecksums(contents) : contents
        }
        guard !seed.entries.isEmpty, mutator.choose([true, true, false]) else {
            return mutator.damaged(seed.contents, pieces: pieces)
        }
        // Behind a wrong checksum nobody would look at the pickle.
        var entries = seed.entries
        let index = entries.indices.first { entries[$0].name.hasSuffix("data.pkl") } ?? 0
        entries[index].contents = mutator.damaged(entries[index].contents, pieces: pieces)
        return ZipWriter(entries: entries).archive()
    }

    private static func decode(_ contents: Data, _ container: Container) throws {
        guard container == .cifar else {
            _ = try WeightFile.decodeAll(contents, path: "mutated")
            return
        }
        _ = try CIFARPickle.read(
            contents, CIFARDataset.cifar100.testFiles[0], of: .cifar100, path: "mutated")
    }

    private static func seeds(of container: Container, in tests: URL) throws -> [Seed] {
        if let format = container.picture {
            return try PictureCalls.seeds(of: format, in: tests).map { Seed(contents: $0) }
        }
        let weights = tests.appending(components: "TensorFilesTests", "Fixtures")
        let folders = [
            weights, weights.appending(component: "forms"),
            tests.appending(components: "VisionDataTests", "Fixtures"),
        ]
        let files = try folders.flatMap {
            try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)
        }.sorted { $0.path < $1.path }
        var seeds: [Seed] = []
        for file in files where belongs(file.lastPathComponent, to: container) {
            let contents = try Data(contentsOf: file)
            guard contents.count <= 4096 else { continue }
            var seed = Seed(contents: contents)
            if container == .zip, let archive = try? ZipArchive(contents) {
                seed.entries = try archive.entries.map {
                    ZipWriter.Entry(name: $0.name, contents: try archive.bytes(of: $0))
                }
            }
            seeds.append(seed)
        }
        if container == .cifar {
            let image = (0..<3072).map { UInt8(truncatingIfNeeded: $0 * $0) }
            let labels: [(String, [UInt8])] = [("fine_labels", [7]), ("coarse_labels", [1])]
            seeds.append(Seed(contents: PickledBatch.file(images: [image], labels: labels)))
        }
        return seeds
    }

    private static func belongs(_ name: String, to container: Container) -> Bool {
        switch container {
        case .zip: name.hasSuffix(".pt") && !name.hasSuffix(".old.pt") && name != "legacy.pt"
        case .stream: name.hasSuffix(".old.pt") || name == "legacy.pt" || name == "arrays.pkl"
        case .safetensors: name.hasSuffix(".safetensors")
        case .cifar: name.hasPrefix("cifar100-one")
        case .jpeg, .png, .webp: false
        }
    }
}
