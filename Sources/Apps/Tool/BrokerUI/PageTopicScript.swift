/// The script of a topic's page: its messages, live or from an offset on, and its partitions.
enum PageTopicScript {
    static let text = #"""
        // MARK: messages of a topic

        function partText(part) {
          if (part.kind === "null") return "null";
          if (part.kind === "binary") return `0x${part.hex.slice(0, 64)}${part.hex.length > 64 ? "…" : ""}`;
          return part.text;
        }

        /// Of an update what has changed, behind the first column, which is mostly the row's id; else what is there.
        function changeText(change) {
          const isUpdate = change.operation === "update" && change.columns.some(column => column.before !== null);
          const hasChanged = column => column.before !== column.after;
          const columns = isUpdate ? change.columns.filter((column, index) => index === 0 || hasChanged(column))
            : change.columns.filter(column => (column.after ?? column.before) !== "null");
          return columns.map(column => isUpdate && hasChanged(column)
            ? `${column.name} ${column.before ?? "–"} → ${column.after ?? "–"}`
            : `${column.name} ${column.after ?? column.before}`).join(", ");
        }

        function preview(message) {
          if (message.marker) {
            return [make("span", { class: `operation ${message.marker}` }, message.marker), " end of a transaction"];
          }
          if (message.unreadable) return [`cannot be read: ${message.unreadable}`];
          if (message.change) {
            return [make("span", { class: `operation ${message.change.operation}` }, message.change.operation), " ",
              make("span", { class: "dim" }, message.change.table ?? ""), " ", changeText(message.change)];
          }
          if (message.value.kind === "null") return [make("span", { class: "dim" }, "null (tombstone)")];
          return [partText(message.value).replace(/\s+/g, " ").slice(0, 400)];
        }

        function keyText(part) {
          const text = partText(part).replace(/\s+/g, " ");
          if (part.kind !== "json") return text;
          // The key of a change event without its schema.
          try { return JSON.stringify(JSON.parse(part.text).payload ?? JSON.parse(part.text)); } catch { return text; }
        }

        function hexLines(hex) {
          const lines = [];
          for (let at = 0; at < hex.length; at += 32) {
            const bytes = hex.slice(at, at + 32).match(/../g) ?? [];
            const letters = bytes.map(byte => {
              const code = parseInt(byte, 16);
              return code >= 32 && code < 127 ? String.fromCharCode(code) : ".";
            });
            lines.push(`${(at / 2).toString(16).padStart(6, "0")}  ${bytes.join(" ").padEnd(47)}  ${letters.join("")}`);
          }
          return lines.join("\n");
        }

        function partBlock(title, part) {
          const block = make("pre", { class: "mono" }, part.kind === "binary" ? hexLines(part.hex) : partText(part));
          const head = make("h3", null, `${title}: ${part.kind}, ${size(part.size)}${part.cut ? ", cut" : ""} `);
          if (part.kind === "text" || part.kind === "json") {
            let isHex = false;
            head.append(make("button", { onclick: () => {
              isHex = !isHex;
              block.textContent = isHex ? hexLines(part.hex) : part.text;
            } }, "hex / text"));
          }
          return [head, block];
        }

        function changeBlock(change) {
          return [
            make("h3", null, `Change: ${change.operation} in ${change.table ?? "an unknown table"}`
              + (change.time === null ? "" : `, committed ${clock(change.time, true)}`) + `; ${change.verdict}`),
            make("table", { class: "change" },
              make("thead", null, make("tr", null, ["Column", "Before", "After"].map(name => make("th", null, name)))),
              make("tbody", null, change.columns.map(column => make("tr",
                { class: change.operation === "update" && column.before !== column.after ? "changed" : null },
                make("td", null, column.name), make("td", { class: "mono" }, column.before ?? "–"),
                make("td", { class: "mono" }, column.after ?? "–"))))),
          ];
        }

        function bodyOf(message) {
          const facts = [`${message.timestampType} ${clock(message.timestamp, true)}`];
          if (message.compression && message.compression !== "none") facts.push(message.compression);
          if (message.isTransactional) facts.push("in a transaction");
          if (message.producerId >= 0) facts.push(`producer ${message.producerId}`);
          const body = make("div", { class: "body" }, make("div", { class: "facts" }, facts.join(", ")));
          if (message.change) body.append(...changeBlock(message.change));
          if (message.key) body.append(...partBlock("Key", message.key));
          if (message.value) body.append(...partBlock("Value", message.value));
          for (const header of message.headers ?? []) body.append(...partBlock(`Header ${header.name}`, header.value));
          return body;
        }

        function messageNode(message, isOpen) {
          const node = make("details", { class: "message", open: isOpen }, make("summary", null,
            make("span", { class: "dim mono" }, clock(message.timestamp)),
            make("span", { class: "mono" }, `${message.partition}:${message.offset}`),
            make("span", { class: "mono cut" }, message.key ? keyText(message.key) : ""),
            make("span", { class: "mono cut value" }, ...preview(message))));
          // What few look at is made when they do.
          const fill = () => { if (node.open && node.childElementCount === 1) node.append(bodyOf(message)); };
          node.addEventListener("toggle", fill);
          fill();
          return node;
        }

        /// The page of one topic; it is made once, and then messages are added.
        class TopicPage {
          constructor(name, query) {
            this.name = name;
            this.partition = query.get("partition") ?? "";
            this.offset = query.get("offset");
            this.follows = this.offset === null;
            this.isOpen = query.has("open");
            this.isFirst = true;
            this.next = null;
            this.facts = make("p", { class: "dim" });
            this.partitions = make("div");
            this.list = make("div", { class: "card" }, make("p", { class: "note" }, "No messages yet."));
            this.followButton = make("button", { onclick: () => this.setFollow(!this.follows) }, "Follow");
            this.choice = make("select", { "aria-label": "Partition", onchange: () => this.go(this.choice.value, this.offset) },
              make("option", { value: "" }, "all partitions"));
            this.place = make("input", { type: "number", min: 0, "aria-label": "Offset", placeholder: "offset",
              value: this.offset, onchange: () => this.go(this.partition, this.place.value) });
            this.more = make("button", { onclick: () => this.load(), hidden: this.follows }, "Next messages");
            this.openButton = make("button", { "aria-pressed": String(this.isOpen), onclick: () => this.setOpen(!this.isOpen) },
              "Expand");
            this.setFollow(this.follows);
            this.nodes = [make("h1", null, name), this.facts,
              make("div", { class: "tools" }, this.choice, make("label", null, "from", this.place),
                make("button", { onclick: () => this.go(this.partition, 0) }, "From the start"),
                make("button", { onclick: () => this.go(this.partition, null) }, "Latest"), this.followButton, this.openButton),
              this.list, make("div", { class: "tools" }, this.more), make("h2", null, "Partitions"), this.partitions];
          }

          go(partition, offset) {
            const query = new URLSearchParams();
            if (partition !== "") query.set("partition", partition);
            if (offset !== null && offset !== "") query.set("offset", offset);
            const text = query.toString();
            location.hash = `#/topics/${encodeURIComponent(this.name)}${text ? "?" + text : ""}`;
          }

          setFollow(follows) {
            this.follows = follows;
            this.followButton.setAttribute("aria-pressed", follows);
          }

          setOpen(isOpen) {
            this.isOpen = isOpen;
            this.openButton.setAttribute("aria-pressed", isOpen);
            for (const node of this.list.querySelectorAll("details")) node.open = isOpen;
          }

          async refresh() {
            const topic = await ask(`/api/topics/${encodeURIComponent(this.name)}`);
            tell("live", "live");
            show(this.name, ...this.nodes);
            const total = topic.partitions.reduce((sum, one) => sum + one.end, 0);
            produced.note(this.name, total, Date.now());
            const records = topic.partitions.reduce((sum, one) => sum + one.end - one.start, 0);
            const bytes = topic.partitions.reduce((sum, one) => sum + one.bytes, 0);
            this.facts.textContent = `${plural(topic.partitions.length, "partition")}, ${plural(records, "message")}, `
              + `${size(bytes)}, ${perSecond(produced.rate(this.name))}`;
            this.showPartitions(topic);
            if (this.follows || this.isFirst) await this.load();
          }

          showPartitions(topic) {
            const key = JSON.stringify(topic.partitions);
            if (key === this.partitionsKey) return;
            this.partitionsKey = key;
            while (this.choice.options.length <= topic.partitions.length) {
              const number = String(this.choice.options.length - 1);
              this.choice.append(make("option", { value: number, selected: number === this.partition }, `partition ${number}`));
            }
            const heads = [
              { title: "Partition" }, { title: "First offset", style: "number" }, { title: "End", style: "number" },
              { title: "Stable to", style: "number", wide: true }, { title: "Messages", style: "number", wide: true },
              { title: "Size", style: "number" },
            ];
            this.partitions.replaceChildren(table(heads, topic.partitions.map(one => [
              one.partition, count(one.start), count(one.end), count(one.stable), count(one.end - one.start), size(one.bytes),
            ])));
          }

          async load() {
            const query = new URLSearchParams({ count: this.isFirst || !this.follows ? "50" : "200" });
            if (this.partition !== "") query.set("partition", this.partition);
            if (this.next) query.set("cursor", Object.entries(this.next).map(([part, at]) => `${part}:${at}`).join(","));
            else if (this.offset !== null) query.set("offset", this.offset);
            // Where more comes than is shown at once, the newest are shown, and said how many are not.
            if (this.next && this.follows) query.set("follow", "1");
            const isFurther = this.next !== null;
            const answer = await ask(`/api/topics/${encodeURIComponent(this.name)}/messages?${query}`);
            this.isFirst = false;
            this.next = answer.next;
            if (answer.messages.length === 0) return;
            if (!isFurther) this.list.replaceChildren();
            if (isFurther && answer.skipped > 0) {
              const gap = make("p", { class: "note" }, `${plural(answer.skipped, "message")} came in between`);
              if (this.offset === null) this.list.prepend(gap); else this.list.append(gap);
            }
            // The latest first; from an offset on, in the order of the log.
            for (const message of answer.messages) {
              const node = messageNode(message, this.isOpen);
              if (this.offset === null) this.list.prepend(node); else this.list.append(node);
            }
            while (this.follows && this.list.childElementCount > 500) {
              (this.offset === null ? this.list.lastChild : this.list.firstChild).remove();
            }
          }
        }

        """#
}
