extension Tensor {
    /// The sum, element by element with broadcasting.
    public static func + (left: Tensor, right: Tensor) -> Tensor {
        ATen.addTensor.call(.tensor(left), .tensor(right), .int(1))
    }

    /// The sum with a number.
    public static func + (left: Tensor, right: Double) -> Tensor {
        ATen.addScalar.call(.tensor(left), .double(right), .int(1))
    }

    /// The difference, element by element with broadcasting.
    public static func - (left: Tensor, right: Tensor) -> Tensor {
        ATen.subTensor.call(.tensor(left), .tensor(right), .int(1))
    }

    /// The product, element by element with broadcasting.
    public static func * (left: Tensor, right: Tensor) -> Tensor {
        ATen.mulTensor.call(.tensor(left), .tensor(right))
    }

    /// The product with a number.
    public static func * (left: Tensor, right: Double) -> Tensor {
        ATen.mulScalar.call(.tensor(left), .double(right))
    }

    /// The product with a number.
    public static func * (left: Double, right: Tensor) -> Tensor { right * left }

    /// The quotient, element by element with broadcasting.
    public static func / (left: Tensor, right: Tensor) -> Tensor {
        ATen.divTensor.call(.tensor(left), .tensor(right))
    }

    /// The quotient by a number.
    public static func / (left: Tensor, right: Double) -> Tensor {
        ATen.divScalar.call(.tensor(left), .double(right))
    }

    /// The elements with their sign changed.
    public static prefix func - (tensor: Tensor) -> Tensor { ATen.neg.call(.tensor(tensor)) }

    /// Adds `scale` times another tensor to this one, in place.
    ///
    /// - Returns: the tensor itself.
    @discardableResult
    public func add(_ other: Tensor, scale: Double = 1) -> Tensor {
        let factor = dtype.isFloatingPoint ? OperatorArgument.double(scale) : .int(Int(scale))
        ATen.addInPlace.call(.tensor(self), .tensor(other), factor)
        return self
    }

    /// Moves every element towards another tensor's by a share of the way, in place.
    ///
    /// - Parameters:
    ///   - other: of the same shape.
    ///   - share: a scalar of the same type.
    public func interpolate(to other: Tensor, share: Tensor) {
        _ = ATen.lerpInPlace.call(.tensor(self), .tensor(other), .tensor(share))
    }

    /// Overwrites the elements with another tensor's, converting type and device.
    ///
    /// - Parameters:
    ///   - other: a tensor of the same shape.
    ///   - nonBlocking: whether the host goes on while a card copies from pinned memory.
    /// - Returns: the tensor itself.
    @discardableResult
    public func copy(from other: Tensor, nonBlocking: Bool = false) -> Tensor {
        requireElements("copy_")
        other.requireElements("copy_")
        ATen.copyInPlace.call(.tensor(self), .tensor(other), .bool(nonBlocking))
        return self
    }

    /// Sets every element to zero, in place.
    ///
    /// - Returns: the tensor itself.
    @discardableResult
    public func fillZero() -> Tensor {
        ATen.zeroInPlace.call(.tensor(self))
        return self
    }

    /// The square root of every element.
    public func sqrt() -> Tensor { ATen.sqrt.call(.tensor(self)) }

    /// The exponential of every element.
    public func exp() -> Tensor { ATen.exp.call(.tensor(self)) }

    /// The natural logarithm of every element.
    public func log() -> Tensor { ATen.log.call(.tensor(self)) }

    /// 1 / (1 + exp(−x)) of every element.
    public func sigmoid() -> Tensor { ATen.sigmoid.call(.tensor(self)) }

    /// max(x, 0) of every element.
    public func relu() -> Tensor { ATen.relu.call(.tensor(self)) }

    /// log(1 + eˣ) of every element.
    public func softplus() -> Tensor {
        ATen.softplus.call(.tensor(self), .double(1), .double(20))
    }

    /// The larger of every element and a number.
    public func clamped(atLeast least: Double) -> Tensor {
        ATen.clampMin.call(.tensor(self), .double(least))
    }

    /// The smaller of every element and a number.
    public func clamped(atMost most: Double) -> Tensor {
        ATen.clampMax.call(.tensor(self), .double(most))
    }

    /// The number of a range that is nearest to every element.
    public func clamped(to range: ClosedRange<Double>) -> Tensor {
        ATen.clamp.call(.tensor(self), .double(range.lowerBound), .double(range.upperBound))
    }

    /// The larger of the elements of two tensors, with broadcasting.
    public func maximum(_ other: Tensor) -> Tensor {
        ATen.maximum.call(.tensor(self), .tensor(other))
    }

    /// The smaller of the elements of two tensors, with broadcasting.
    public func minimum(_ other: Tensor) -> Tensor {
        ATen.minimum.call(.tensor(self), .tensor(other))
    }

    /// The largest whole number not above every element.
    public func floor() -> Tensor { ATen.floor.call(.tensor(self)) }

    /// The smallest whole number not below every element.
    public func ceil() -> Tensor { ATen.ceil.call(.tensor(self)) }

    /// The whole number that is nearest to every element; of two equally near the even one.
    public func rounded() -> Tensor { ATen.round.call(.tensor(self)) }

    /// Every element without its sign.
    public func abs() -> Tensor { ATen.abs.call(.tensor(self)) }

    /// The logarithm to base 2 of every element.
    public func log2() -> Tensor { ATen.log2.call(.tensor(self)) }

    /// Every element to the power of a number.
    public func power(_ exponent: Double) -> Tensor {
        ATen.powScalar.call(.tensor(self), .double(exponent))
    }

    /// The quotients of whole numbers, rounded down, with broadcasting.
    public func quotient(dividingBy divisors: Tensor) -> Tensor {
        ATen.divTensorMode.call(.tensor(self), .tensor(divisors), .string("floor"))
    }

    /// What is left of every whole number after division, in `0..<divisor`.
    public func remainder(dividingBy divisor: Int) -> Tensor {
        ATen.remainderScalar.call(.tensor(self), .int(divisor))
    }

    /// The same with a divisor for each number, with broadcasting.
    public func remainder(dividingBy divisors: Tensor) -> Tensor {
        ATen.remainderTensor.call(.tensor(self), .tensor(divisors))
    }

    /// Where both tensors hold the same value.
    public func isEqual(to other: Tensor) -> Tensor {
        ATen.eqTensor.call(.tensor(self), .tensor(other))
    }

    /// Where an element exceeds a number.
    public func isGreater(than value: Double) -> Tensor {
        ATen.gtScalar.call(.tensor(self), .double(value))
    }

    /// Where an element is neither infinite nor NaN.
    public func isFinite() -> Tensor { ATen.isFinite.call(.tensor(self)) }

    /// The product of two matrices, or of batches of them.
    public func matmul(_ other: Tensor) -> Tensor {
        ATen.matmul.call(.tensor(self), .tensor(other))
    }
}
