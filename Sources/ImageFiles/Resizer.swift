import CImage

/// A picture's part in memory: rows of R G B bytes.
struct PixelView {
    var pixels: UnsafePointer<UInt8>
    var stride: Int
}

/// Where a result goes.
struct PixelTarget {
    var pixels: UnsafeMutablePointer<UInt8>
    var stride: Int
}

/// What becomes of a picture: the weights along both sides, and which side is first.
struct Resizing {
    let columns: ResizeWeights
    let rows: ResizeWeights
    let isRowsFirst: Bool

    /// Gathers the weights.
    ///
    /// - Parameters:
    ///   - columns: Of the columns, from the whole input's width to the whole result's.
    ///   - rows: Of the rows.
    ///   - tables: Where computed weights are.
    init(
        columns: ResizeWeights.Key, rows: ResizeWeights.Key, from tables: inout ResizeTables
    ) {
        self.columns = tables.weights(columns)
        self.rows = tables.weights(rows)
        // Bytes are rounded between the passes, so that the order matters. This is the order of Pillow 13; up to
        // Pillow 12 the columns were always first.
        let (lostRows, lostColumns) = (rows.length - rows.count, columns.length - columns.count)
        isRowsFirst = lostRows > 0 && lostRows > 2 * lostColumns
    }
}

/// Resizes in two passes, with memory that it keeps for what lies between them.
final class Resizer {
    private let instructions: ci_instructions
    private var between = UnsafeMutablePointer<UInt8>.allocate(capacity: margin)
    private var room = margin

    /// The kernels read beyond the last pixel.
    private static let margin = 64

    init(_ instructions: ci_instructions = ci_best_instructions()) {
        self.instructions = instructions
    }

    deinit { between.deallocate() }

    /// Makes the result out of the pixels that the weights need, of which `view` begins with the first.
    func resize(_ view: PixelView, by resizing: Resizing, into target: PixelTarget) {
        let (columns, rows) = (resizing.columns, resizing.rows)
        let width = resizing.isRowsFirst ? columns.needed.count : columns.count
        let height = resizing.isRowsFirst ? rows.count : rows.needed.count
        let stride = (3 * width + Self.margin - 1) / Self.margin * Self.margin
        let middle = memory(stride * height + Self.margin)
        let source = PixelView(pixels: middle, stride: stride)
        let place = PixelTarget(pixels: middle, stride: stride)
        if resizing.isRowsFirst {
            resizeRows(view, width, rows, into: place)
            resizeColumns(source, height, columns, into: target)
        } else {
            resizeColumns(view, height, columns, into: place)
            resizeRows(source, width, rows, into: target)
        }
    }

    private func resizeColumns(
        _ view: PixelView, _ rows: Int, _ weights: ResizeWeights, into target: PixelTarget
    ) {
        weights.withTables {
            ci_resize_columns(
                view.pixels, view.stride, Int64(rows), $0, target.pixels, target.stride,
                instructions)
        }
    }

    private func resizeRows(
        _ view: PixelView, _ width: Int, _ weights: ResizeWeights, into target: PixelTarget
    ) {
        weights.withTables {
            ci_resize_rows(
                view.pixels, view.stride, Int64(weights.needed.count), Int64(3 * width), $0,
                target.pixels, target.stride, instructions)
        }
    }

    private func memory(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        if room < count {
            between.deallocate()
            between = .allocate(capacity: count)
            room = count
        }
        return between
    }
}
