import CArchive

/// Waits until all that was written to the disk of a file or folder is on it.
///
/// For many small files this is much faster than waiting for each of them.
///
/// - Parameter descriptor: Of the file or folder.
/// - Returns: false where the system reports a failure, which is then in `errno`.
func waitForDisk(of descriptor: Int32) -> Bool { syncfs(descriptor) == 0 }
