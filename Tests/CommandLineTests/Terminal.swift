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

    /// Gives the terminal a width; 0 means that it does not know.
    func resize(columns: Int) {
        var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(screen.fileDescriptor, UInt(TIOCSWINSZ), &size)
    }

    /// Closes the window: who writes to it from now on gets an error, and who is controlled by it SIGHUP.
    func close() throws {
        try keyboard.close()
        try screen.close()
    }

    // TIOCSPTLCK and TIOCGPTN of Linux, whose macros Swift does not see.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    /// Everything that was written, once the program has ended.
    ///
    /// - Parameters:
    ///   - run: the program.
    ///   - watch: called with what was written so far.
    /// - Returns: all of it, with what moves the cursor.
    func contents(of run: RunningTool, watch: (String) -> Void = { _ in }) -> String {
        var text = Data()
        var buffer = [UInt8](repeating: 0, count: 4096)
        _ = fcntl(screen.fileDescriptor, F_SETFL, O_NONBLOCK)
        while true {
            let isRunning = run.isRunning
            let count = read(screen.fileDescriptor, &buffer, buffer.count)
            if count > 0 {
                text += buffer.prefix(count)
                watch(String(decoding: text, as: UTF8.self))
            } else if !isRunning {
                return String(decoding: text, as: UTF8.self)
            } else {
                Thread.sleep(forTimeInterval: 0.005)
            }
        }
    }
}
