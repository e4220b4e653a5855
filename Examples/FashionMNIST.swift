import Foundation
import VisionData

extension Dataset {
    /// Fashion-MNIST: 60,000 training and 10,000 test images of 10 kinds of clothes, 28×28 and grey.
    ///
    /// Reference: Xiao, Rasul and Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
    /// Learning Algorithms*, arXiv:1708.07747.
    public static let fashionMNIST = Dataset(
        name: "fashion-mnist",
        normalization: Normalization(  // Of the training images with their border.
            mean: [0.219, 0.219, 0.219], deviation: [0.332, 0.332, 0.332]),
        facts: Facts(trainingImages: 60_000, testImages: 10_000, classCount: 10)
    ) { split, directory in
        let name = split == .train ? "train" : "t10k"
        let images = try IDXFile(
            named: "\(name)-images-idx3-ubyte", in: directory, sizes: [28, 28])
        let labels = try IDXFile(named: "\(name)-labels-idx1-ubyte", in: directory, sizes: [])
        guard images.count == labels.count, labels.values.allSatisfy({ $0 < 10 }) else {
            throw IDXError(
                path: labels.path, expected: "\(images.count) classes from 0 to 9",
                found: "\(labels.count) values up to \(labels.values.max() ?? 0)")
        }
        return LabelledImages(
            pixels: images.padded(by: 2), labels: labels.values, height: 32, width: 32,
            classCount: 10, publishedCount: split == .train ? 60_000 : 10_000)
    }
}

/// A file of unsigned bytes in the IDX layout: two zeros, the type, the number of sizes, the sizes, the values.
private struct IDXFile {
    let path: String
    let count: Int
    let values: [UInt8]

    init(named name: String, in directory: URL, sizes: [Int]) throws {
        let url = directory.appendingPathComponent(name)
        let bytes = [UInt8](try Data(contentsOf: url))
        let header = 4 + 4 * (1 + sizes.count)
        let found = stride(from: 4, to: min(header, bytes.count - 3), by: 4).map { start in
            bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        path = url.path
        count = found.first ?? 0
        values = Array(bytes.dropFirst(header))
        let isIDX = bytes.starts(with: [0, 0, 8, UInt8(1 + sizes.count)])
        guard isIDX, Array(found.dropFirst()) == sizes,
            values.count == count * sizes.reduce(1, *)
        else {
            throw IDXError(
                path: path, expected: "bytes in the IDX layout, each item of the sizes \(sizes)",
                found: "\(bytes.count) bytes with the sizes \(found)")
        }
    }

    /// Images of 28×28 with a black border, each as a red, a green and a blue plane.
    func padded(by border: Int) -> [UInt8] {
        let size = 28 + 2 * border
        var pixels = [UInt8](repeating: 0, count: count * 3 * size * size)
        for plane in 0..<(count * 3) {
            for row in 0..<28 {
                let from = (plane / 3 * 28 + row) * 28
                let to = (plane * size + border + row) * size + border
                pixels.replaceSubrange(to..<(to + 28), with: values[from..<(from + 28)])
            }
        }
        return pixels
    }
}

/// A file that is not as its publisher made it.
private struct IDXError: Error, CustomStringConvertible {
    let path: String
    let expected: String
    let found: String

    var description: String {
        "\(path): expected \(expected), found \(found); fetch the file again, and unpack it"
    }
}
