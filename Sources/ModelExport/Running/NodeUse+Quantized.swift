import Basics
import ONNXFiles
import Torch

extension NodeUse {
    /// A scale or a zero point in float32, so shaped that it meets the dimension of the attribute `axis`.
    func parameter(_ index: Int) throws(GraphRunError) -> Tensor {
        let parameter = try input(index).to(.float32)
        guard parameter.rank == 1 else { return parameter }
        let axis = try int("axis", default: 1)
        let rank = try input(0).rank
        guard axis < rank else { throw .unknownUse(of: "axis", node: node.name) }
        var shape = Array(repeating: 1, count: rank)
        shape[axis] = parameter.count
        return parameter.reshape(shape)
    }
}

extension ElementType {
    /// The whole numbers that a quantised value of this type can be.
    func quantizedRange(of node: ONNXNode) throws(GraphRunError) -> ClosedRange<Double> {
        switch self {
        case .uint8: return 0...255
        case .int8: return -128...127
        default: throw .unknownUse(of: "the zero point", node: node.name)
        }
    }
}

extension Tensor {
    /// The sum with a zero point, at the ends of a range where it lies outside.
    func clampedSum(_ zero: Tensor, _ range: ClosedRange<Double>) -> Tensor {
        (self + zero).clamped(to: range)
    }
}
