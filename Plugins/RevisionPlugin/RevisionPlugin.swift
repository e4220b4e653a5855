import PackagePlugin

/// Writes the revision of the sources into the program before each build.
@main
struct RevisionPlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) -> [Command] {
        let script = context.package.directoryURL.appending(path: "Scripts/revision.sh")
        return [
            .prebuildCommand(
                displayName: "Ask git for the revision",
                executable: script,
                arguments: [
                    context.package.directoryURL.path, context.pluginWorkDirectoryURL.path,
                ],
                outputFilesDirectory: context.pluginWorkDirectoryURL)
        ]
    }
}
