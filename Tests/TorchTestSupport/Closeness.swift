import Testing
import Torch

/// ‖found − expected‖ / ‖expected‖ in float64, infinite where the shapes differ.
///
/// - Parameters:
///   - found: the tensor under test.
///   - expected: its reference.
///   - floor: the least that the difference is divided by.
/// - Returns: the relative error.
public func relativeError(
    _ found: Tensor, _ expected: Tensor, atLeast floor: Double = 0
) -> Double {
    guard found.shape == expected.shape else { return .infinity }
    return withoutGrad {
        let reference = expected.to(.float64)
        return norm(found.to(.float64) - reference) / max(norm(reference), floor)
    }
}

/// The L2 norm of all elements.
public func norm(_ tensor: Tensor) -> Double {
    withoutGrad { tensor.to(.float64).sumOfSquares().item().squareRoot() }
}

/// Expects every element to be within `absolute + relative · |expected|` of the expected one.
///
/// - Parameters:
///   - found: the tensor under test.
///   - expected: row-major values.
///   - relative: the tolerance relative to each value.
///   - absolute: the tolerance on top.
///   - sourceLocation: where a failure is reported.
public func expectClose(
    _ found: Tensor, _ expected: [Double], relative: Double = 1e-6, absolute: Double = 1e-9,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let values = withoutGrad { found.to(.float64).elements(as: Double.self) }
    guard values.count == expected.count else {
        Issue.record(
            "found \(values.count) elements \(found.shape), expected \(expected.count)",
            sourceLocation: sourceLocation)
        return
    }
    let excess = zip(values, expected).map { abs($0 - $1) / (absolute + relative * abs($1)) }
    guard let worst = excess.indices.max(by: { excess[$0] < excess[$1] }) else { return }
    let agrees = excess.allSatisfy { $0 <= 1 }
    #expect(
        agrees, "element \(worst): found \(values[worst]), expected \(expected[worst])",
        sourceLocation: sourceLocation)
}

/// Expects the elements of two tensors of one shape to be close.
public func expectClose(
    _ found: Tensor, _ expected: Tensor, relative: Double = 1e-6, absolute: Double = 1e-9,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.shape == expected.shape, sourceLocation: sourceLocation)
    expectClose(
        found, withoutGrad { expected.to(.float64).elements(as: Double.self) },
        relative: relative, absolute: absolute, sourceLocation: sourceLocation)
}
