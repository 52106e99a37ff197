package dev.verbena.internal.control;

import dev.verbena.NvmeException;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.log.SupportedLogPages;
import java.io.IOException;

/// Asks a controller what it supports of a log page.
public final class LogPageSupport {
    private LogPageSupport() {}

    /// The bits of the page's own field that are supported (LIDSP); 0 for a controller that does
    /// not tell, as those from before version 2.0 of the specification.
    public static int specific(Association association, int logPage) throws IOException {
        if (!association.version().isAtLeast(2, 0)) {
            return 0;
        }
        try {
            return SupportedLogPages.decode(
                            new AdminCalls(association)
                                    .logPage(
                                            LogPage.SUPPORTED_LOG_PAGES,
                                            true,
                                            SupportedLogPages.SIZE))
                    .specific(logPage);
        } catch (NvmeException | WireFormatException e) {
            return 0;
        }
    }
}
