/// How well a network does on some images: figures by their names, such as `loss` and `top1`.
///
/// As JSON it is one flat object, `{"count":10000,"loss":1.2,"top1":72.6,"top5":92.1}`.
public struct Scores: Sendable, Equatable {
    /// How many images there were.
    public var count: Int

    private var values: [String: Double]

    /// Gathers figures.
    public init(count: Int, _ values: [String: Double]) {
        self.count = count
        self.values = values
    }

    /// One figure; nil where there is none of this name.
    public subscript(_ name: String) -> Double? {
        get { values[name] }
        set { values[name] = newValue }
    }

    /// Takes another network's figures for the same images in, each under its name behind a prefix.
    public mutating func add(_ other: Scores, as prefix: String) {
        for (name, value) in other.values { values[prefix + name] = value }
    }

    /// All figures by their names, without the count.
    package var all: [String: Double] { values }

    /// The figures whose names end in a word, such as `loss`.
    package func figures(endingIn word: String) -> [Double] {
        values.sorted { $0.key < $1.key }.filter { $0.key.hasSuffix(word) }.map(\.value)
    }
}

extension Scores: Codable {
    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        static let count = Name("count")

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    /// Reads a flat object: `count`, and a number for every other key.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        count = try container.decode(Int.self, forKey: .count)
        values = [:]
        for key in container.allKeys where key.stringValue != Name.count.stringValue {
            values[key.stringValue] = try container.decode(Double.self, forKey: key)
        }
    }

    /// Writes a flat object, in which every figure keeps its name.
    public func encode(to encoder: any Encoder) throws {
        var object = values
        object[Name.count.stringValue] = Double(count)
        // As a value a dictionary keeps its keys, which are no names of Swift, such as AP50.
        var container = encoder.singleValueContainer()
        try container.encode(object)
    }
}
