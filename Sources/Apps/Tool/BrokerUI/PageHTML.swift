/// The page's frame; everything in it is made by ``PageScript``.
enum PageHTML {
    static let text = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>KafkaWire</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/page.css">
        <script src="/page.js" defer></script>
        </head>
        <body>
        <header>
          <a class="brand" href="#/topics">KafkaWire</a>
          <nav>
            <a href="#/topics">Topics</a>
            <a href="#/groups">Groups</a>
            <a href="#/transactions">Transactions</a>
          </nav>
          <span id="status" role="status">connecting</span>
        </header>
        <main id="view"></main>
        <noscript><p>This page needs JavaScript; the same as JSON is at /api/topics and /api/groups.</p></noscript>
        </body>
        </html>

        """#
}
