import KafkaWire

// The keys of the listeners' tokens: had when the broker starts, and again while it runs.

extension BrokerConfiguration {
    /// The keys of the listeners' tokens, in their order, where somebody signs those.
    nonisolated(nonsending) func tokenKeys(_ now: Instant) async throws(BrokerStartError) -> [TokenKeys?] {
        var all: [TokenKeys?] = []
        for security in securities {
            do throws(TokenKeys.Failure) { all.append(try await keys(of: security, now)) } catch {
                throw BrokerStartError(
                    description: "The broker cannot start: listener \(security.name): the keys of its tokens cannot be "
                        + "had: \(error)")
            }
        }
        return all
    }

    private nonisolated(nonsending) func keys(
        of security: ListenerSecurity, _ now: Instant
    ) async throws(TokenKeys.Failure) -> TokenKeys? {
        // What nobody can show needs no keys.
        guard security.securityProtocol.hasSASL, security.mechanisms.contains("OAUTHBEARER") else { return nil }
        let rules = security.tokens
        switch rules.keys {
        case .none: return nil
        case .text(let text): return try TokenKeys(Array(text.utf8), of: rules, now: now)
        case .file(let path): return try TokenKeys(path: path, of: rules, now: now, read: TokenKeys.readFile)
        case .source(let source): return try await Self.keys(of: rules, from: source, now)
        case .address(let address):
            guard let tokenKeySource else {
                throw TokenKeys.Failure(
                    description: "\(address) is asked over HTTP, which this program does not speak: set "
                        + "Configuration.tokenKeySource, as with OIDCKeySource of the product KafkaOIDC, or name a file "
                        + "(sasl.oauthbearer.jwks.endpoint.url=file:///etc/kafka/keys.json)")
            }
            let source: any JSONWebKeySource
            do { source = try tokenKeySource(address) } catch { throw TokenKeys.Failure(description: "\(error)") }
            return try await Self.keys(of: rules, from: source, now)
        }
    }

    private static nonisolated(nonsending) func keys(
        of rules: TokenRules, from source: any JSONWebKeySource, _ now: Instant
    ) async throws(TokenKeys.Failure) -> TokenKeys {
        let text: [UInt8]
        do { text = try await source.keySet() } catch { throw TokenKeys.Failure(description: "\(error)") }
        do throws(TokenKeys.Failure) { return try TokenKeys(text, of: rules, source: source, now: now) } catch {
            throw TokenKeys.Failure(description: "\(source.place): \(error)")
        }
    }
}

extension TokenKeys {
    static func readFile(_ path: String) throws(Failure) -> [UInt8] {
        do throws(SecretFileError) { return try Secret.file(path).secret.copied() } catch {
            throw Failure(description: "\(error)")
        }
    }
}

extension BrokerServer {
    /// The keys of a listener's tokens as they are now.
    func currentTokenKeys(of listener: Int) -> TokenKeys? {
        guard var keys = tokenKeys[listener] else { return nil }
        do throws(TokenKeys.Failure) {
            guard try keys.readAgain(TokenKeys.readFile) else { return keys }
            logger.info("Listener \(name(listener)): the keys of its tokens have changed")
        } catch { logger.warning("Listener \(name(listener)): the keys of its tokens stay as they were: \(error)") }
        tokenKeys[listener] = keys
        return keys
    }

    /// A token named a key that is not known: it may be new.
    func missed(_ key: String, _ listener: Int) {
        guard tokenKeys[listener]?.source != nil,
            tokenKeys[listener]?.refresh.isToBeAsked(for: key, loop.now) == true
        else { return }
        ask(listener)
    }

    /// Sets the timer for what is asked for next.
    func planKeys() {
        let next = tokenKeys.compactMap { $0 }.filter { $0.source != nil && !$0.refresh.isUnderWay }.map(\.refresh.due)
        keyTimer.set(isStopped ? nil : next.min())
    }

    func keyTimerFired() {
        keyTimer.fired()
        let now = loop.now
        for (listener, keys) in tokenKeys.enumerated() {
            if let keys, keys.source != nil, keys.refresh.due <= now { ask(listener) }
        }
        planKeys()
    }

    private func ask(_ listener: Int) {
        guard let source = tokenKeys[listener]?.source, tokenKeys[listener]?.refresh.begin(loop.now) == true else {
            return
        }
        planKeys()
        Task(executorPreference: handshakes) { [weak self] in
            let found: Result<JSONWebKeys, TokenKeys.Failure>
            do { found = .success(try TokenKeys.read(try await source.keySet())) } catch let error as TokenKeys.Failure
            {
                found = .failure(error)
            } catch { found = .failure(TokenKeys.Failure(description: "\(error)")) }
            await self?.take(found, from: source, listener)
        }
    }

    private func take(
        _ found: Result<JSONWebKeys, TokenKeys.Failure>, from source: any JSONWebKeySource, _ listener: Int
    ) {
        guard !isStopped else { return }
        switch found {
        case .success(let keys):
            tokenKeys[listener]?.replace(by: keys)
            tokenKeys[listener]?.refresh.succeeded(keys.ids, loop.now)
            logger.debug("Listener \(name(listener)): the keys of its tokens were had from \(source.place)")
        case .failure(let error):
            let pause = tokenKeys[listener]?.refresh.failed(loop.now) ?? .zero
            let later = "they stay as they were, and are asked for again in \(pause)"
            logger.warning("Listener \(name(listener)): the keys of its tokens: \(later): \(source.place): \(error)")
        }
        planKeys()
    }

    private func name(_ listener: Int) -> String { configuration.listenerNames[listener] }
}
