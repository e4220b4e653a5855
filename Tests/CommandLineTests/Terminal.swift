import Foundation

/// A terminal that keeps what is written to it.
final class Terminal {
    private let screen: FileHandle

    /// The end that a program writes to.
    let keyboard: FileHandle

    init() throws {
        let main = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var locked: Int32 = 0
        var number: Int32 = 0
        guard main >= 0, ioctl(main, Self.setLock, &locked) == 0,
            ioctl(main, Self.getNumber, &number) == 0
        else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        screen = FileHandle(fileDescriptor: main, closeOnDealloc: true)
        let side = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        guard side >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        keyboard = FileHandle(fileDescriptor: side, closeOnDealloc: true)
    }

    // TIOCSPTLCK and TIOCGPTN of Linux, whose macros Swift does not see.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    /// Everything that was written, once the program has ended.
    func contents(of run: RunningTool) -> String {
        var text = Data()
        var buffer = [UInt8](repeating: 0, count: 4096)
        _ = fcntl(screen.fileDescriptor, F_SETFL, O_NONBLOCK)
        while true {
            let isRunning = run.isRunning
            let count = read(screen.fileDescriptor, &buffer, buffer.count)
            if count > 0 {
                text += buffer.prefix(count)
            } else if !isRunning {
                return String(decoding: text, as: UTF8.self)
            } else {
                Thread.sleep(forTimeInterval: 0.005)
            }
        }
    }
}
