import Foundation
import Torch

extension Tensor {
    /// Writes float32 elements as raw bytes.
    func write(to path: String) throws {
        try Data(bytes()).write(to: URL(filePath: path))
    }

    /// Reads float32 elements of raw bytes, `[N, columns]`.
    static func read(_ path: String, columns: Int) throws -> Tensor {
        let data = try Data(contentsOf: URL(filePath: path))
        return Tensor(bytes: data, dtype: .float32, shape: [data.count / 4 / columns, columns])
    }
}
