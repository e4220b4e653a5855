/// A coordinate frame on the image plane: an origin, a rotation and a unit of length per axis.
struct Frame {
    private let originX: Double
    private let originY: Double
    private let cosine: Double
    private let sine: Double
    private let unitU: Double
    private let unitV: Double

    /// Makes a frame turned by a random angle.
    ///
    /// The angle comes from the rational parametrisation of the circle, because sine and cosine of
    /// the mathematical library differ in their last bits between platforms.
    init(
        at origin: (x: Double, y: Double), units: (u: Double, v: Double),
        turnedBy draws: inout DrawStream
    ) {
        let tangentOfHalf = draws.uniform(in: -Self.tangentOfEighthTurn...Self.tangentOfEighthTurn)
        let square = tangentOfHalf * tangentOfHalf
        let near = (1 - square) / (1 + square)
        let far = 2 * tangentOfHalf / (1 + square)
        (cosine, sine) =
            switch draws.integer(in: 0...3) {
            case 0: (near, far)
            case 1: (-far, near)
            case 2: (-near, -far)
            default: (far, -near)
            }
        (originX, originY) = origin
        (unitU, unitV) = units
    }

    /// The point's coordinates in this frame.
    func local(_ x: Double, _ y: Double) -> (u: Double, v: Double) {
        let (dx, dy) = (x - originX, y - originY)
        return ((dx * cosine + dy * sine) / unitU, (dy * cosine - dx * sine) / unitV)
    }

    /// tan(π/8): it turns by up to an eighth of a turn, and the quarter turns do the rest.
    private static let tangentOfEighthTurn = 2.0.squareRoot() - 1
}
