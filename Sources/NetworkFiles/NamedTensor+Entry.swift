import Foundation
import TensorFiles
import Torch
import TorchNN

extension NamedTensor {
    /// The tensor as an entry of a file of weights.
    package var entry: TensorEntry {
        TensorEntry(
            name: name, elementType: tensor.dtype.elementType, shape: tensor.shape,
            bytes: Data(tensor.bytes()))
    }

    /// The tensor that an entry of a file of weights holds, on the CPU.
    package init(_ entry: TensorEntry) {
        self.init(
            entry.name,
            Tensor(bytes: entry.bytes, dtype: DType(entry.elementType), shape: entry.shape))
    }
}
