/// The two-coloured patterns a surface can have; every length is in periods of the pattern.
enum Texture: String, CaseIterable {
    case plain, striped, checked, dotted

    /// Whether the pattern shows its second colour at the point.
    func isInk(_ u: Double, _ v: Double) -> Bool {
        let (right, down) = (u - u.rounded(.down) < 0.5, v - v.rounded(.down) < 0.5)
        switch self {
        case .plain: return false
        case .striped: return right
        case .checked: return right != down
        case .dotted:
            let (du, dv) = (u - u.rounded(.down) - 0.5, v - v.rounded(.down) - 0.5)
            return du * du + dv * dv < 0.1
        }
    }
}
