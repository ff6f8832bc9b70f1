/* `certutil -hashfile FILE SHA256`, of which Wine has but a stub. */
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>
#include <wincrypt.h>

int wmain(int argc, wchar_t **argv) {
    HCRYPTPROV provider;
    HCRYPTHASH hash;
    BYTE buffer[65536], digest[32];
    DWORD size = sizeof digest;
    size_t read;
    FILE *file;
    if (argc != 4 || wcscmp(argv[1], L"-hashfile") || _wcsicmp(argv[3], L"SHA256")) return 87;
    file = _wfopen(argv[2], L"rb");
    if (!file) {
        puts("CertUtil: -hashfile command FAILED: 0x80070002 (WIN32: 2 ERROR_FILE_NOT_FOUND)");
        return 2;
    }
    CryptAcquireContextW(&provider, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT);
    CryptCreateHash(provider, CALG_SHA_256, 0, 0, &hash);
    while ((read = fread(buffer, 1, sizeof buffer, file)) > 0) CryptHashData(hash, buffer, read, 0);
    CryptGetHashParam(hash, HP_HASHVAL, digest, &size, 0);
    puts("SHA256 hash of the file:");
    for (DWORD i = 0; i < size; i++) printf("%02x", digest[i]);
    puts("\nCertUtil: -hashfile command completed successfully.");
    return 0;
}
