/// Draws the outlines of polygons, and finds the pixels inside.
///
/// The rule is pycocotools', pixel for pixel. It multiplies coordinates by 5, rounds them, walks along each edge in
/// whole steps of its longer axis, and toggles inside and outside where the walk crosses the middle of a column
/// of pixels. Here only the steps that cross such a middle are computed, each by the same arithmetic in
/// `Double` as there.
///
/// The buffers are kept from one mask to the next.
///
/// Reference: `rleFrPoly` and `rleMerge` of `maskApi.c`.
package struct Outlines {
    /// Steps of the walk in one pixel.
    private static let steps = 5

    private var height = 0
    private var width = 0

    /// The crossings of one polygon in the order of the walk.
    private var crossings: [(column: Int32, row: Int32)] = []

    /// Where the crossings of each column begin in `rows`, and then where they end.
    private var ends: [Int32] = []
    private var rows: [Int32] = []

    /// The pixels, column by column, where inside and outside change: of one polygon, of those before it, and of all.
    private var toggles: [UInt32] = []
    private var united: [UInt32] = []
    private var merged: [UInt32] = []

    /// Begins with empty buffers.
    package init() {}

    /// Appends the runs of the pixels that are inside of any of some polygons to others.
    ///
    /// - Parameters:
    ///   - polygons: the corners of each, x and y in turn, in pixels; a number without a partner is left out.
    ///   - height: rows of pixels.
    ///   - width: columns of pixels.
    ///   - counts: where the run lengths go.
    /// - Returns: the pixels inside.
    @discardableResult
    package mutating func appendRuns(
        of polygons: [[Double]], height: Int, width: Int, to counts: inout [UInt32]
    ) -> Int {
        (self.height, self.width) = (height, width)
        united.removeAll(keepingCapacity: true)
        for (index, polygon) in polygons.enumerated() {
            draw(polygon)
            sortCrossings()
            if index == 0 { swap(&united, &toggles) } else { unite() }
        }
        var (last, inside) = (UInt32(0), 0)
        for (index, toggle) in united.enumerated() {
            counts.append(toggle - last)
            if index % 2 == 1 { inside += Int(toggle - last) }
            last = toggle
        }
        let pixelCount = UInt32(height * width)
        guard united.isEmpty || last < pixelCount else { return inside }
        counts.append(pixelCount - last)
        return inside + (united.count % 2 == 1 ? Int(pixelCount - last) : 0)
    }

    /// Walks around one polygon.
    private mutating func draw(_ polygon: [Double]) {
        crossings.removeAll(keepingCapacity: true)
        let corners = polygon.count / 2
        guard corners > 1, polygon.prefix(2 * corners).allSatisfy({ $0.isFinite }) else { return }
        var (x, y) = (Self.scaled(polygon[2 * corners - 2]), Self.scaled(polygon[2 * corners - 1]))
        for corner in 0..<corners {
            let next = (
                x: Self.scaled(polygon[2 * corner]), y: Self.scaled(polygon[2 * corner + 1])
            )
            if abs(next.x - x) >= abs(next.y - y) {
                drawFlatEdge(x < next.x ? (x, y, next.x, next.y) : (next.x, next.y, x, y))
            } else {
                drawSteepEdge(y < next.y ? (x, y, next.x, next.y) : (next.x, next.y, x, y))
            }
            (x, y) = next
        }
    }

    /// A coordinate in steps; what no `Int32` holds, and C leaves undefined, becomes the nearest that one holds.
    private static func scaled(_ coordinate: Double) -> Int {
        let value = Double(steps) * coordinate + 0.5
        return Int(min(max(value, Double(Int32.min)), Double(Int32.max)))
    }

    /// The columns whose middles lie between two places, the greater one left out.
    private func columns(from low: Int, to high: Int) -> Range<Int> {
        // The middle of column k is between the steps 5k + 2 and 5k + 3.
        let first = low <= 2 ? 0 : (low + 2) / Self.steps
        let end = high <= 2 ? 0 : min((high + 2) / Self.steps, width)
        return first..<max(first, end)
    }

    /// Draws an edge that is at least as wide as high, given from left to right.
    private mutating func drawFlatEdge(_ edge: (x: Int, y: Int, endX: Int, endY: Int)) {
        let slope = Double(edge.endY - edge.y) / Double(edge.endX - edge.x)
        for column in columns(from: edge.x, to: edge.endX) {
            // The higher one of the steps on both sides of the middle.
            let step = Self.steps * column + (slope < 0 ? 3 : 2) - edge.x
            cross(column, at: Int(Double(edge.y) + slope * Double(step) + 0.5))
        }
    }

    /// Draws an edge that is higher than wide, given from top to bottom.
    private mutating func drawSteepEdge(_ edge: (x: Int, y: Int, endX: Int, endY: Int)) {
        let slope = Double(edge.endX - edge.x) / Double(edge.endY - edge.y)
        let length = edge.endY - edge.y
        for column in columns(from: min(edge.x, edge.endX), to: max(edge.x, edge.endX)) {
            let middle = Double(Self.steps * column + 3)
            func isBeyond(_ step: Int) -> Bool {
                let isRight = Double(edge.x) + slope * Double(step) + 0.5 >= middle
                return isRight == (slope > 0)
            }
            // The first step beyond the middle; the division may miss it by its rounding.
            let guess = ((middle - 0.5 - Double(edge.x)) / slope).rounded(.up)
            var step = Int(min(max(guess, 1), Double(length)))
            while step > 1, isBeyond(step - 1) { step -= 1 }
            while step < length, !isBeyond(step) { step += 1 }
            cross(column, at: edge.y + step - 1)
        }
    }

    /// Notes a crossing of a column's middle at a height in steps.
    private mutating func cross(_ column: Int, at y: Int) {
        let row = y < 0 ? 0 : min((y + 2) / Self.steps, height)
        crossings.append((Int32(truncatingIfNeeded: column), Int32(truncatingIfNeeded: row)))
    }

    /// Makes the toggles of the crossings: sorted, and without those that undo each other.
    private mutating func sortCrossings() {
        toggles.removeAll(keepingCapacity: true)
        guard let first = crossings.first else { return }
        var (left, right) = (first.column, first.column)
        for crossing in crossings {
            left = min(left, crossing.column)
            right = max(right, crossing.column)
        }
        ends.removeAll(keepingCapacity: true)
        ends.append(contentsOf: repeatElement(0, count: Int(right - left) + 2))
        rows.removeAll(keepingCapacity: true)
        rows.append(contentsOf: repeatElement(0, count: crossings.count))
        crossings.withUnsafeBufferPointer { crossings in
            ends.withUnsafeMutableBufferPointer { ends in
                rows.withUnsafeMutableBufferPointer { rows in
                    Self.group(crossings, from: left, ends, rows)
                }
            }
        }
        var begin = 0
        for (column, end) in zip(Int(left)..., ends.dropLast()) {
            if end - Int32(begin) > 1 {
                rows.withUnsafeMutableBufferPointer { Self.sort($0, begin..<Int(end)) }
            }
            let top = UInt32(truncatingIfNeeded: column * height)
            while begin < Int(end) {
                let toggle = top + UInt32(truncatingIfNeeded: rows[begin])
                if toggles.last == toggle { toggles.removeLast() } else { toggles.append(toggle) }
                begin += 1
            }
        }
    }

    /// Puts the rows of the crossings in the order of their columns, and notes where each column ends.
    private static func group(
        _ crossings: UnsafeBufferPointer<(column: Int32, row: Int32)>, from left: Int32,
        _ ends: UnsafeMutableBufferPointer<Int32>, _ rows: UnsafeMutableBufferPointer<Int32>
    ) {
        for crossing in crossings { ends[Int(crossing.column - left) + 1] += 1 }
        for column in ends.indices.dropFirst() { ends[column] += ends[column - 1] }
        for crossing in crossings {
            let column = Int(crossing.column - left)
            rows[Int(ends[column])] = crossing.row
            ends[column] += 1
        }
    }

    /// Sorts the few crossings of one column.
    private static func sort(_ rows: UnsafeMutableBufferPointer<Int32>, _ range: Range<Int>) {
        guard range.count <= 32 else {
            var column = UnsafeMutableBufferPointer(rebasing: rows[range])
            column.sort()
            return
        }
        for place in range.dropFirst() {
            let row = rows[place]
            var hole = place
            while hole > range.lowerBound, rows[hole - 1] > row {
                rows[hole] = rows[hole - 1]
                hole -= 1
            }
            rows[hole] = row
        }
    }

    /// Takes the pixels of the latest polygon into those of the ones before.
    private mutating func unite() {
        merged.removeAll(keepingCapacity: true)
        var (i, j) = (0, 0)
        var isInside = false
        while i < united.count || j < toggles.count {
            let next = min(
                i < united.count ? united[i] : .max, j < toggles.count ? toggles[j] : .max)
            if i < united.count, united[i] == next { i += 1 }
            if j < toggles.count, toggles[j] == next { j += 1 }
            let isNowInside = i % 2 == 1 || j % 2 == 1
            if isNowInside != isInside { merged.append(next) }
            isInside = isNowInside
        }
        swap(&united, &merged)
    }
}
