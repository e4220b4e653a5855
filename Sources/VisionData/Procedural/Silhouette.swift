/// The outlines an object can have, each of about the same area, so that size tells nothing.
enum Silhouette: String, CaseIterable {
    case disc, square, triangle, cross, ring

    /// Whether the point lies inside the outline of radius about 1 around the origin.
    func contains(_ u: Double, _ v: Double) -> Bool {
        switch self {
        case .disc: u * u + v * v < 0.72
        case .square: max(u.magnitude, v.magnitude) < 0.75
        case .triangle: v > -0.6 && v + Self.rootOfThree * u.magnitude < 1.2
        case .cross:
            min(u.magnitude, v.magnitude) < 0.34 && max(u.magnitude, v.magnitude) < 1
        case .ring: (0.22...0.94).contains(u * u + v * v)
        }
    }

    private static let rootOfThree = 3.0.squareRoot()
}
