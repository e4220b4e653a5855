import CTorch

/// Runs `body` without recording gradients on this thread.
///
/// - Parameter body: the work; the former mode is restored also when it throws.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
public func withoutGrad<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    try withGradMode(false, body)
}

/// Runs `body` with gradients recorded, or not, on this thread.
///
/// - Parameters:
///   - enabled: whether operators record how to compute gradients.
///   - body: the work; the former mode is restored also when it throws.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
public func withGradMode<Result, Failure: Error>(
    _ enabled: Bool, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let former = ct_grad_mode()
    ct_set_grad_mode(enabled)
    defer { ct_set_grad_mode(former) }
    return try body()
}

/// Runs `body` with new tensors on a device, where no other is named: the fresh weights of a network.
///
/// Tensors made of Swift's numbers are on the CPU all the same.
///
/// - Parameters:
///   - device: where they are made; on `.meta` they take no memory, and drawing weights is skipped.
///   - body: the work.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
public func withNewTensors<Result>(
    on device: Device, _ body: () throws -> Result
) rethrows -> Result {
    try Device.$ofNewTensors.withValue(device, operation: body)
}

/// Runs `body` under LibTorch's automatic mixed precision on this thread.
///
/// Convolutions and matrix products then compute in `dtype`, losses in float32; parameters stay as
/// they are, and their converted copies live as long as the outermost scope. Whoever writes into
/// parameters inside calls `forgetConvertedWeights`; loading and `SGD` do.
///
/// - Parameters:
///   - dtype: the lower precision, or nil to switch mixed precision off inside.
///   - device: the device whose operators are concerned.
///   - body: the work; the former state is restored also when it throws.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
public func withAutocast<Result, Failure: Error>(
    _ dtype: DType?, on device: Device, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let type = device.handle.type
    var former = ct_autocast()
    let wanted = ct_autocast(
        enabled: dtype != nil, dtype: (dtype ?? DType.bfloat16).rawValue)
    check(ct_autocast_enter(type, wanted, &former), "autocast")
    defer { check(ct_autocast_leave(type, former), "autocast") }
    return try body()
}

/// Lets the operators of this thread's `withAutocast` convert parameters anew that have been written into.
public func forgetConvertedWeights() { check(ct_autocast_forget(), "autocast") }
