/// The page's script. It writes what it is told as text nodes only, so that nothing in a topic's name or a message can
/// become markup; the Content-Security-Policy would refuse scripts of any other origin as well.
enum PageScript {
    static let text = #"""
        "use strict";

        // MARK: making elements

        function make(tag, attributes, ...children) {
          const node = document.createElement(tag);
          for (const [name, value] of Object.entries(attributes ?? {})) {
            if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
            else if (value === true) node.setAttribute(name, "");
            else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
          }
          node.append(...children.flat().filter(child => child !== null && child !== undefined).map(child =>
            child instanceof Node ? child : document.createTextNode(String(child))));
          return node;
        }

        const count = number => Number(number).toLocaleString("en-US");
        const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

        function size(bytes) {
          if (bytes < 1024) return `${bytes} B`;
          const units = ["KiB", "MiB", "GiB", "TiB"];
          let index = -1;
          do { bytes /= 1024; index += 1; } while (bytes >= 1024 && index < units.length - 1);
          return `${bytes.toFixed(bytes < 10 ? 1 : 0)} ${units[index]}`;
        }

        function clock(milliseconds, withDate) {
          if (milliseconds < 0) return "no time";
          const date = new Date(milliseconds);
          const two = number => String(number).padStart(2, "0");
          const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
            + `.${String(date.getMilliseconds()).padStart(3, "0")}`;
          if (!withDate) return time;
          return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
        }

        function table(heads, rows) {
          const cells = (tag, values) => values.map((value, index) => {
            const style = (heads[index].style ?? "") + (heads[index].wide ? " wide" : "");
            return make(tag, { class: style.trim() || null }, tag === "th" ? value.title : value);
          });
          return make("div", { class: "card scroll" }, make("table", null,
            make("thead", null, make("tr", null, cells("th", heads))),
            make("tbody", null, rows.map(row => make("tr", null, cells("td", row))))));
        }

        function trend(values, label) {
          const space = "http://www.w3.org/2000/svg";
          const drawing = document.createElementNS(space, "svg");
          drawing.setAttribute("class", "trend");
          drawing.setAttribute("viewBox", "0 0 84 22");
          drawing.setAttribute("role", "img");
          drawing.setAttribute("aria-label", label);
          const highest = Math.max(1, ...values);
          const line = document.createElementNS(space, "polyline");
          const points = values.length > 1 ? values : [values[0] ?? 0, values[0] ?? 0];
          line.setAttribute("points", points.map((value, index) =>
            `${(2 + 80 * index / (points.length - 1)).toFixed(1)},${(20 - 18 * value / highest).toFixed(1)}`).join(" "));
          drawing.append(line);
          return drawing;
        }

        // MARK: what was seen over time

        /// Sixty samples of a number by name, a second apart.
        class History {
          samples = new Map();
          note(name, value, time) {
            const list = this.samples.get(name) ?? [];
            list.push({ value, time });
            if (list.length > 60) list.shift();
            this.samples.set(name, list);
          }
          values(name) { return (this.samples.get(name) ?? []).map(sample => sample.value); }
          /// By how much it grew a second, over the last five samples.
          rate(name) {
            const list = (this.samples.get(name) ?? []).slice(-6);
            if (list.length < 2) return 0;
            const first = list[0];
            const last = list[list.length - 1];
            return last.time > first.time ? (last.value - first.value) * 1000 / (last.time - first.time) : 0;
          }
          /// The growth from sample to sample.
          steps(name) {
            const list = this.samples.get(name) ?? [];
            return list.slice(1).map((sample, index) => Math.max(0, sample.value - list[index].value));
          }
        }

        const produced = new History();
        const lags = new History();
        const perSecond = rate => rate === 0 ? "0/s" : rate < 10 ? `${rate.toFixed(1)}/s` : `${count(Math.round(rate))}/s`;

        function direction(rate) {
          if (Math.abs(rate) < 0.05) return "steady";
          return rate > 0 ? `growing ${perSecond(rate)}` : `shrinking ${perSecond(-rate)}`;
        }

        // MARK: asking the broker

        const status = document.getElementById("status");
        const view = document.getElementById("view");

        async function ask(path) {
          const answer = await fetch(path);
          if (!answer.ok) throw new Refusal((await answer.text()).trim());
          return answer.json();
        }
        class Refusal extends Error {}

        function tell(kind, text) {
          status.className = kind;
          status.textContent = text;
        }

        /// Puts nodes in place only where they differ from what is there, so that a selection is kept.
        let shown = "";
        function show(key, ...nodes) {
          if (key === shown) return;
          shown = key;
          view.replaceChildren(...nodes);
        }

        // MARK: pages

        async function topicsPage() {
          const answer = await ask("/api/topics");
          const now = Date.now();
          for (const topic of answer.topics) produced.note(topic.name, topic.produced, now);
          tell("live", answer.bootstrap);
          const rows = answer.topics.map(topic => ({ ...topic, rate: perSecond(produced.rate(topic.name)) }));
          const key = JSON.stringify([rows, answer.topics.map(topic => produced.steps(topic.name))]);
          if (rows.length === 0) {
            return show(key, make("h1", null, "Topics"), make("p", { class: "card note" },
              "There are no topics yet. Produce to one, or start kw broker with --topic NAME:PARTITIONS."));
          }
          const heads = [
            { title: "Topic", style: "name" }, { title: "Partitions", style: "number", wide: true },
            { title: "Messages", style: "number" }, { title: "Size", style: "number" },
            { title: "Rate", style: "number" }, { title: "Last minute", wide: true },
          ];
          show(key, make("h1", null, "Topics"), table(heads, rows.map(topic => [
            make("a", { href: `#/topics/${encodeURIComponent(topic.name)}` }, topic.name), count(topic.partitions),
            count(topic.records), size(topic.bytes), topic.rate,
            trend(produced.steps(topic.name), `messages a second of ${topic.name}`),
          ])));
        }

        async function groupsPage() {
          const answer = await ask("/api/groups");
          const now = Date.now();
          for (const group of answer.groups) lags.note(group.id, group.lag, now);
          tell("live", "live");
          const heads = [
            { title: "Topic", style: "name" }, { title: "Partition", style: "number" },
            { title: "Committed", style: "number" }, { title: "End", style: "number", wide: true },
            { title: "Lag", style: "number" }, { title: "Member", wide: true },
          ];
          const states = { Stable: "good", Empty: "", Dead: "bad" };
          const key = JSON.stringify([answer, answer.groups.map(group => lags.values(group.id))]);
          const cards = answer.groups.map(group => make("section", { class: "card" },
            make("div", { class: "heading" },
              make("b", null, group.id),
              make("span", { class: `state ${states[group.state] ?? "warn"}` }, group.state),
              make("span", null, `lag ${count(group.lag)}`),
              trend(lags.values(group.id), `lag of ${group.id}`),
              make("span", { class: "dim" }, direction(lags.rate(group.id))),
              make("span", { class: "dim" }, plural(group.members.length, "member")
                + (group.protocol ? `, ${group.protocol}` : "") + `, generation ${group.generation}`)),
            group.offsets.length === 0 ? make("p", { class: "note" }, "Nothing is committed yet.") : table(heads,
              group.offsets.map(offset => [
                make("a", { href: `#/topics/${encodeURIComponent(offset.topic)}` }, offset.topic), offset.partition,
                offset.committed === null ? "–" : count(offset.committed), offset.end === null ? "gone" : count(offset.end),
                offset.lag === null ? "–" : count(offset.lag), offset.member ?? "–",
              ])).firstChild,
            group.members.length === 0 ? null : make("div", { class: "members" },
              make("h3", null, "Members"),
              group.members.map(member => make("div", null,
                make("b", null, member.clientId), " ",
                make("span", { class: "dim mono" }, member.id + (member.isLeader ? " (leader)" : "")), " ",
                make("span", null, member.assignment.length === 0 ? "no partitions"
                  : member.assignment.map(share => `${share.topic}: ${share.partitions.join(", ")}`).join("; ")))))));
          show(key, make("h1", null, "Groups"), cards.length > 0 ? cards[0] : make("p", { class: "card note" },
            "There are no groups yet. A consumer makes one."), ...cards.slice(1));
        }

        async function transactionsPage() {
          const answer = await ask("/api/transactions");
          tell("live", "live");
          const heads = [
            { title: "Transactional id", style: "name" }, { title: "State" }, { title: "Producer", style: "number" },
            { title: "Epoch", style: "number", wide: true }, { title: "Partitions and groups", wide: true },
          ];
          show(JSON.stringify(answer), make("h1", null, "Transactions"), answer.transactions.length === 0
            ? make("p", { class: "card note" }, "No producer has used a transactional id yet.")
            : table(heads, answer.transactions.map(one => [
              one.id, make("span", { class: `state ${one.state === "Ongoing" ? "warn" : "good"}` }, one.state),
              one.producerId, one.producerEpoch, [...one.partitions, ...one.groups].join(", ") || "–",
            ])));
        }

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
            const answer = await ask(`/api/topics/${encodeURIComponent(this.name)}/messages?${query}`);
            this.isFirst = false;
            this.next = answer.next;
            if (answer.messages.length === 0) return;
            if (this.list.querySelector(".note")) this.list.replaceChildren();
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

        // MARK: which page, and when

        let page = null;
        let pageRoute = null;

        function currentPage() {
          const route = location.hash || "#/topics";
          if (route === pageRoute) return page;
          pageRoute = route;
          const [path, query] = route.slice(1).split("?");
          const parts = path.split("/").filter(part => part !== "");
          for (const link of document.querySelectorAll("nav a")) {
            link.classList.toggle("here", link.getAttribute("href") === `#/${parts[0] ?? "topics"}`);
          }
          shown = "";
          if (parts[0] === "topics" && parts.length > 1) {
            const topic = new TopicPage(decodeURIComponent(parts[1]), new URLSearchParams(query ?? ""));
            page = () => topic.refresh();
          } else {
            page = { groups: groupsPage, transactions: transactionsPage }[parts[0]] ?? topicsPage;
          }
          return page;
        }

        let isBusy = false;
        async function turn() {
          if (isBusy || document.hidden) return;
          isBusy = true;
          const route = location.hash;
          try {
            await currentPage()();
          } catch (error) {
            if (error instanceof Refusal) show(error.message, make("p", { class: "card note" }, error.message));
            else tell("lost", "the broker does not answer");
          }
          isBusy = false;
          // The visitor went on meanwhile.
          if (route !== location.hash) turn();
        }

        addEventListener("hashchange", turn);
        document.addEventListener("visibilitychange", turn);
        setInterval(turn, 1000);
        turn();

        """#
}
