import Basics
import Foundation
import SwiftProtobuf

/// A file of events as TensorBoard reads it.
///
/// Each event is a record: its length, the length's checksum, the message, the message's checksum
/// (TensorFlow, *TFRecord*, `tensorflow/core/lib/io/record_writer.h`).
public final class EventFile {
    /// Where the file lies.
    public let path: String

    private let handle: FileHandle

    /// Begins a file in a folder, which is made where it is missing.
    ///
    /// - Parameters:
    ///   - folder: TensorBoard's log folder of one run.
    ///   - date: of the beginning, from which the file has its name.
    /// - Throws: `FileError` where it cannot be written.
    public init(in folder: String, date: Date = Date()) throws {
        try Disk.makeDirectory(URL(fileURLWithPath: folder, isDirectory: true))
        let host = ProcessInfo.processInfo.hostName
        let process = ProcessInfo.processInfo.processIdentifier
        // A second file of the same process in the same second has another number.
        var number = 0
        var name: String {
            "\(folder)/events.out.tfevents.\(Int(date.timeIntervalSince1970)).\(host).\(process).\(number)"
        }
        while FileManager.default.fileExists(atPath: name) { number += 1 }
        path = name
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else {
            throw FileError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
        self.handle = handle
        var event = Tensorboard_Event()
        event.wallTime = date.timeIntervalSince1970
        event.fileVersion = "brain.Event:2"
        try write(event)
    }

    /// Adds numbers.
    ///
    /// - Parameters:
    ///   - scalars: by their tags, as `train/loss`.
    ///   - step: how many steps were done.
    ///   - date: when.
    /// - Throws: `FileError` where they cannot be written.
    public func add(
        scalars: [(tag: String, value: Double)], step: Int, date: Date = Date()
    ) throws(FileError) {
        try add(
            scalars.map { tag, number in
                var value = Tensorboard_Summary.Value()
                value.tag = tag
                value.simpleValue = Float(number)
                return value
            }, step, date)
    }

    /// Adds a picture.
    ///
    /// - Parameters:
    ///   - png: the picture as a PNG file.
    ///   - size: its height and width.
    ///   - isGrey: whether it has one channel, and not three.
    ///   - tag: what it is called.
    ///   - step: how many steps were done.
    ///   - date: when.
    /// - Throws: `FileError` where it cannot be written.
    public func add(
        png: Data, size: (height: Int, width: Int), isGrey: Bool, tag: String, step: Int,
        date: Date = Date()
    ) throws(FileError) {
        var value = Tensorboard_Summary.Value()
        value.tag = tag
        value.image.height = Int32(size.height)
        value.image.width = Int32(size.width)
        value.image.colorspace = isGrey ? 1 : 3
        value.image.encodedImageString = png
        try add([value], step, date)
    }

    private func add(
        _ values: [Tensorboard_Summary.Value], _ step: Int, _ date: Date
    ) throws(FileError) {
        guard !values.isEmpty else { return }
        var event = Tensorboard_Event()
        event.wallTime = date.timeIntervalSince1970
        event.step = Int64(step)
        event.summary.value = values
        try write(event)
    }

    private func write(_ event: Tensorboard_Event) throws(FileError) {
        do {
            let message: Data = try event.serializedBytes()
            let length = Data(littleEndian: UInt64(message.count))
            var record = length
            record += Data(littleEndian: MaskedChecksum.of(length))
            record += message
            record += Data(littleEndian: MaskedChecksum.of(message))
            try handle.write(contentsOf: record)
        } catch {
            throw FileError.cannotWrite(path: path, reason: FileError.reason(of: error))
        }
    }

    deinit { try? handle.close() }
}

extension Data {
    fileprivate init(littleEndian number: some FixedWidthInteger) {
        self = Swift.withUnsafeBytes(of: number.littleEndian) { Data($0) }
    }
}
