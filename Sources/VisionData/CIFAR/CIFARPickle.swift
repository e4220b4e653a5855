import Basics
import Foundation
import Pickles

/// Reads one of the pickles in which the publisher offers CIFAR for Python, without executing anything.
///
/// Reference: <https://www.cs.toronto.edu/~kriz/cifar.html>.
package enum CIFARPickle {
    /// Whether a file begins as Python's pickles do.
    ///
    /// They begin with the byte of their protocol, or with a mark where they are older than protocols. A
    /// file that cannot be read does not.
    static func begins(_ url: URL) -> Bool {
        guard let file = try? FileHandle(forReadingFrom: url) else { return false }
        defer { try? file.close() }
        guard let first = try? file.read(upToCount: 1)?.first else { return false }
        return first == 0x80 || first == UInt8(ascii: "(")
    }

    /// Reads the images of one file.
    ///
    /// - Parameters:
    ///   - contents: The whole file.
    ///   - file: Which file it is.
    ///   - dataset: The data set that it belongs to.
    ///   - path: What errors call the file.
    /// - Returns: The pixels as `[count, 3, 32, 32]` and the classes.
    /// - Throws: A `CIFARError` where the file is damaged or another data set's.
    package static func read(
        _ contents: Data, _ file: CIFARDataset.File, of dataset: CIFARDataset, path: String
    ) throws -> (pixels: Data, labels: [UInt8]) {
        func refused(_ reason: String) -> CIFARError {
            .foreignPickle(dataset: dataset, path: path, reason: reason)
        }
        let graph: PickleGraph
        do {
            graph = try PickleInterpreter.graph(of: contents)
        } catch {
            throw refused("\(error)")
        }
        guard let data = graph.value(of: graph.root, under: "data"),
            let list = graph.value(of: graph.root, under: dataset.pickleLabels)
        else { throw refused("it has no data or no \(dataset.pickleLabels)") }
        guard let array = NumPyArray(data, in: graph), array.elementType == .uint8,
            array.shape.count == 2, array.shape[1] == CIFARDataset.imageBytes
        else { throw refused("its data are no array of \(CIFARDataset.imageBytes) bytes an image") }
        guard let labels = graph.elements(of: list), labels.count == array.shape[0], !labels.isEmpty
        else { throw refused("it has not one class for each image") }
        guard labels.count <= file.imageCount else {
            throw CIFARError.tooManyImages(
                dataset: dataset, path: path, expectedRecords: file.imageCount, found: labels.count)
        }
        let classes = try labels.map { label in
            guard case .integer(let value) = label, let number = UInt8(exactly: value),
                number < dataset.classCount
            else { throw refused("a class is not in 0 to \(dataset.classCount - 1)") }
            return number
        }
        return (array.rowMajorBytes, classes)
    }
}
