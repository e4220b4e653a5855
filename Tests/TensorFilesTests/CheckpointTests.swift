import Basics
import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing

@Suite("PyTorch checkpoints")
struct CheckpointTests {
    @Test(
        "A tensor that would leave its storage, or that no memory could hold, is refused",
        arguments: [
            View(shape: [3], strides: [1]), View(offset: 2, shape: [1], strides: [1]),
            View(offset: -1, shape: [1], strides: [1]), View(shape: [2], strides: [-1]),
            View(shape: [-1], strides: [1]), View(shape: [1, 1], strides: [1]),
            View(shape: [.max], strides: [.max]), View(shape: [2, 2], strides: [.max, .max]),
            View(offset: .max, shape: [2], strides: [1]),
            View(shape: [.max, 0], strides: [0, 0]), View(shape: [1 << 62, 0], strides: [1, 1]),
            View(shape: [1 << 40], strides: [0]),
        ])
    func badViews(view: View) {
        let error = #expect(throws: WeightFileError.self) { try read(pickle(view)) }
        switch error {
        case .checkpoint(_, .outsideStorage), .checkpoint(_, .expandsTooMuch): break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test("Tensors that share one storage may not take more than the limit together")
    func expansion() {
        // Three times eight MiB are beyond the limit of 16 MiB and four times the file.
        let half = View(shape: [1 << 21], strides: [0])
        let members = (0..<3).map { member("\($0)", half) }
        let contents = ZipWriter.checkpoint(pickle: bytes("}(".utf8, members.joined(), "u.".utf8))
        let error = #expect(throws: WeightFileError.self) {
            try WeightFile.decode(contents, path: "big")
        }
        guard case .checkpoint(_, .expandsTooMuch) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A view is collected element by element")
    func goodView() throws {
        let storage = bytes(UInt32(1).littleEndianBytes, UInt32(2).littleEndianBytes)
        let view = View(offset: 1, shape: [2, 1], strides: [0, .max])
        let file = try WeightFile.decode(
            ZipWriter.checkpoint(pickle: pickle(view), storage: storage), path: "view")
        let twice = bytes(UInt32(2).littleEndianBytes, UInt32(2).littleEndianBytes)
        #expect(
            file.entries == [
                TensorEntry(name: "w", elementType: .float32, shape: [2, 1], bytes: twice)
            ])
    }

    @Test(
        "A storage that is absent, or of another size than the pickle says, is refused",
        arguments: [
            (View(key: "1"), .noStorage(tensor: "w", key: "1")),
            (View(key: "../data.pkl"), .noStorage(tensor: "w", key: "../data.pkl")),
            (
                View(count: 3),
                .storageSize(tensor: "w", key: "0", elementType: .float32, count: 3, byteCount: 8)
            ),
            (
                View(count: .max),
                .storageSize(
                    tensor: "w", key: "0", elementType: .float32, count: .max, byteCount: 8)
            ),
        ] as [(View, PyTorchCheckpointError)])
    func badStorages(view: View, expected: PyTorchCheckpointError) {
        #expect(throws: WeightFileError.checkpoint(path: "test", expected)) {
            try read(pickle(view))
        }
    }

    @Test(
        "A pickle that is not a state dict is refused with what it is",
        arguments: [
            ("N.", .notADictionary(found: "None")),
            ("}.", .noStateDict(found: [], holding: [])),
            ("}U\u{1}aNs.", .noStateDict(found: ["'a' (None)"], holding: [])),
            ("}NNs.", .noStateDict(found: ["1 under keys that are no texts"], holding: [])),
            ("}(U\u{1}aNU\u{1}aNu.", .duplicateName("a")),
        ] as [(String, PyTorchCheckpointError)])
    func notStateDicts(program: String, expected: PyTorchCheckpointError) {
        #expect(throws: WeightFileError.checkpoint(path: "test", expected)) {
            try read(Data(program.utf8))
        }
    }

    @Test("A zip archive without a pickle is refused")
    func foreignArchive() {
        let archive = ZipWriter(entries: [.init(name: "a.pth", contents: Data())]).archive()
        let error = #expect(throws: WeightFileError.self) {
            try WeightFile.decode(archive, path: "test")
        }
        let words = "it is a zip archive without PyTorch's data.pkl, and holds 'a.pth'; unpack it"
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    private func read(_ pickle: Data) throws -> WeightFile {
        try WeightFile.decode(ZipWriter.checkpoint(pickle: pickle), path: "test")
    }

    /// `{"w": view}`.
    private func pickle(_ view: View) -> Data {
        bytes("}".utf8, member("w", view), "s.".utf8)
    }

    private func member(_ name: String, _ view: View) -> Data {
        bytes(
            text(name), "ctorch._utils\n_rebuild_tensor_v2\n((".utf8, text("storage"),
            "ctorch\nFloatStorage\n".utf8, text(view.key), text("cpu"), integer(view.count),
            "tQ".utf8, integer(view.offset), tuple(view.shape), tuple(view.strides), [0x89],
            "NtR".utf8)
    }

    private func text(_ text: String) -> Data {
        bytes("U".utf8, [UInt8(text.utf8.count)], text.utf8)
    }

    private func integer(_ value: Int) -> Data {
        bytes([0x8A, 8], value.littleEndianBytes)
    }

    private func tuple(_ values: [Int]) -> Data {
        bytes("(".utf8, values.map(integer).joined(), "t".utf8)
    }
}

/// A tensor as a pickle describes it, in a storage that has two floats in truth.
struct View: Sendable {
    var key = "0"
    var count = 2
    var offset = 0
    var shape = [2]
    var strides = [1]
}
