import Basics
import Foundation
import TensorFiles
import Testing

/// One form in which people keep weights, and what reading it gives.
struct Form: Sendable, CustomTestStringConvertible {
    /// What comes out.
    enum Outcome: Sendable {
        /// The two tensors of the small network, under the key where there is one.
        case weights(key: String?)
        /// An error with these words.
        case refused(String)
    }

    /// The file in the folder forms.
    let name: String
    /// What the page on weights calls the form.
    let title: String
    let outcome: Outcome

    var testDescription: String { name }

    init(_ name: String, _ title: String, key: String? = nil) {
        (self.name, self.title, outcome) = (name, title, .weights(key: key))
    }

    init(_ name: String, _ title: String, refused words: String) {
        (self.name, self.title, outcome) = (name, title, .refused(words))
    }
}

extension Form {
    /// Both forms of `torch.save`.
    private static func both(_ name: String, _ title: String, key: String? = nil) -> [Form] {
        [
            Form("\(name).pt", title, key: key),
            Form("\(name).old.pt", "\(title); the form before PyTorch 1.6", key: key),
        ]
    }

    private static let everyForm: [[Form]] = [
        both("bare", "a state dict"),
        both("half", "half precision"),
        both("parameters", "a dictionary of `Parameter`s"),
        both("subclass", "tensors of a class derived from `torch.Tensor`"),
        both("shared", "views of one storage"),
        both("strided", "tensors that are transposed"),
        both("arrays", "a dictionary of NumPy arrays"),
        both("module", "a whole module, of any class"),
        both(
            "wrapped",
            "under `state_dict`, beside an optimizer, `argparse.Namespace`, NumPy scalars and arrays, paths, "
                + "sets, bytes, dates, complex numbers, ranges, `defaultdict`, `Counter`, `deque`",
            key: "state_dict"),
        both("parallel", "under `model`, with the prefix `module.`", key: "model"),
        both("nested", "under `model` → `state_dict`", key: "model.state_dict"),
        both(
            "foreign",
            "beside tensors of uint16, complex, float8, sparse, quantized, meta and with a pending negation",
            key: "state_dict"),
        [0, 1, 3, 4, 5].flatMap {
            both("protocol\($0)", "pickle protocol \($0)", key: "state_dict")
        },
        [Form("arrays.pkl", "`pickle.dump` of a dictionary of NumPy arrays")],
        [
            "model_state_dict", "net", "network", "student", "teacher", "weights", "params",
            "module",
            "ema_state_dict", "model_ema", "state_dict_ema", "params_ema", "ema_model", "ema",
        ].map { (key: String) in Form("key-\(key).pt", "under `\(key)`", key: key) },
        [
            Form(
                "key-generator.pt", "under a key that is none of the known ones",
                refused:
                    "there are tensors under 'generator': name that"),
            Form(
                "only-foreign.pt", "nothing but tensors of types that no weights have",
                refused:
                    "has only 'uint16' (a tensor of the type torch.uint16), 'complex' (a tensor in a"
            ),
            Form(
                "averaged.pt", "under `state_dict`, with averaged ones under `model_ema`",
                key: "state_dict"),
        ],
    ]

    static let all = everyForm.flatMap(\.self)

    /// The form's row of the page on weights.
    var row: String {
        switch outcome {
        case .weights(let key):
            "| `\(name)` | \(title) | " + (key.map { "read, from `\($0)`" } ?? "read") + " |"
        case .refused(let words):
            "| `\(name)` | \(title) | refused: “\(words)” |"
        }
    }
}

@Suite("Forms of checkpoints")
struct FormsTests {
    private static let weight: [Float] = [0, 1, 2, 3]
    private static let bias: [Float] = [4]

    @Test(
        "Whatever PyTorch wrote around the weights, they are read or refused", arguments: Form.all)
    func forms(_ form: Form) throws {
        let fixture = Fixture("forms/\(form.name)")
        switch form.outcome {
        case .weights(let key):
            let file = try fixture.read()
            #expect(file.key == key)
            try expectWeights(file)
        case .refused(let words):
            let error = #expect(throws: WeightFileError.self) { try fixture.read() }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("Half-precision weights keep their type", arguments: ["half.pt", "half.old.pt"])
    func half(name: String) throws {
        let file = try Fixture("forms/\(name)").read()
        #expect(file.entries.map(\.elementType) == [.float16, .float16])
        // 0, 1, 2, 3 in half precision, little endian.
        #expect(Array(file.entries[0].bytes) == [0, 0, 0, 0x3C, 0, 0x40, 0, 0x42])
    }

    @Test("Weights under a key of one's own are read when it is named, also behind a dot")
    func namedKeys() throws {
        try expectWeights(Fixture("forms/key-generator.pt").read(key: "generator"))
        try expectWeights(Fixture("forms/nested.pt").read(key: "model.state_dict"))
        try expectWeights(Fixture("forms/nested.old.pt").read(key: "model"))
        let error = #expect(throws: WeightFileError.self) {
            try Fixture("forms/key-generator.pt").read(key: "epoch")
        }
        #expect(
            error?.description.contains(
                ": it has no weights under the key 'epoch', and at its top it has")
                == true, "\(String(describing: error))")
        #expect(error?.description.contains("cannot be read") == false)
        #expect(error?.description.hasSuffix("name that as the key 'generator'.") == true)
    }

    @Test("Raw and averaged weights are both found, the raw ones first")
    func averaged() throws {
        let files = try WeightFile.readAll(path: Fixture("forms/averaged.pt").path)
        #expect(files.map(\.key) == ["state_dict", "model_ema"])
        #expect(files.map(\.isAveraged) == [false, true])
        #expect(floats(files[1].entries[1]) == [5])
    }

    @Test("Tensors of types that no weights have are named instead of read")
    func foreign() throws {
        let file = try Fixture("forms/foreign.pt").read()
        #expect(file.others.isEmpty)
        let error = #expect(throws: WeightFileError.self) {
            try Fixture("forms/only-foreign.pt").read()
        }
        #expect(
            error?.description.contains(
                "has only 'uint16' (a tensor of the type torch.uint16), 'complex' (a tensor in a")
                == true)
        let outer = try WeightFile.readAll(path: Fixture("forms/foreign.old.pt").path)
        #expect(outer.count == 1)
    }

    @Test("Arrays of a NumPy before version 2 are arrays too")
    func oldNumPy() throws {
        let contents = try Fixture("forms/arrays.pkl").contents()
        let text = String(decoding: contents, as: Unicode.ASCII.self)
        #expect(text.contains("numpy._core.multiarray"))
        var renamed = contents
        while let range = renamed.range(of: Data("numpy._core".utf8)) {
            renamed.replaceSubrange(range, with: Data("numpy.core".utf8))
        }
        try expectWeights(WeightFile.decode(renamed, path: "old"))
    }

    @Test("The page on weights has the row of every form")
    func page() throws {
        let text = try weightsPage()
        for form in Form.all { #expect(text.contains(form.row), "\(form.row)") }
    }

    private func expectWeights(
        _ file: WeightFile, at location: SourceLocation = #_sourceLocation
    ) throws {
        let entries = file.entries.filter {
            $0.name.hasSuffix("conv.weight") || $0.name.hasSuffix("conv.bias")
        }
        #expect(file.entries.count == 2, sourceLocation: location)
        try #require(entries.count == 2, sourceLocation: location)
        #expect(entries.map(\.shape) == [[1, 1, 2, 2], [1]], sourceLocation: location)
        #expect(floats(entries[0]) == Self.weight, sourceLocation: location)
        #expect(floats(entries[1]) == Self.bias, sourceLocation: location)
    }

    private func floats(_ entry: TensorEntry) -> [Float] {
        entry.bytes.withUnsafeBytes { buffer in
            switch entry.elementType {
            case .float16:
                (0..<buffer.count / 2).map {
                    Float(buffer.loadUnaligned(fromByteOffset: $0 * 2, as: Float16.self))
                }
            default:
                (0..<buffer.count / 4).map {
                    buffer.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)
                }
            }
        }
    }
}
