import Torch

/// Which side of a layer keeps its variance under `fillKaiming…`.
public enum Fan: Sendable { case input, output }

extension Tensor {
    /// Fills a weight with normal draws of deviation √(2 / fan).
    ///
    /// Reference: He et al., *Delving Deep into Rectifiers*, ICCV 2015, equation 10.
    ///
    /// - Parameters:
    ///   - fan: whether the incoming or outgoing connections count.
    ///   - generator: the source of the draws.
    /// - Returns: the tensor itself.
    @discardableResult
    public func fillKaimingNormal(fan: Fan, generator: Generator) -> Tensor {
        fillNormal(deviation: (2 / Double(count(of: fan))).squareRoot(), generator: generator)
    }

    /// Fills a weight with uniform draws of variance 2 / ((1 + slope²) · fan in).
    ///
    /// Reference: He et al., *Delving Deep into Rectifiers*, ICCV 2015; with slope 1 this is what
    /// ReviewKD's ABF uses.
    ///
    /// - Parameters:
    ///   - slope: the negative slope of the activation that follows.
    ///   - generator: the source of the draws.
    /// - Returns: the tensor itself.
    @discardableResult
    public func fillKaimingUniform(slope: Double, generator: Generator) -> Tensor {
        let gain = (2 / (1 + slope * slope)).squareRoot()
        let bound = gain * (3 / Double(count(of: .input))).squareRoot()
        return fillUniform(in: -bound..<bound, generator: generator)
    }

    private func count(of fan: Fan) -> Int {
        let receptive = shape.dropFirst(2).reduce(1, *)
        return size(fan == .input ? 1 : 0) * receptive
    }
}
